"""What a person types: the commands, the operator's client behind them, and settings as flags."""
