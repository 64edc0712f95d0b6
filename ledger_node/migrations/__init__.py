"""The ledger database's history, oldest first in versions/. A revision that was released is never edited."""
