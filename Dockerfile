# The node as a container image: one process, one volume (/data), a fixed user that is not root, nothing but Python inside.
# BASE may be any Debian 12; `make container` builds over one made by debootstrap, without a registry.
ARG BASE=docker.io/library/debian:bookworm-slim

# BUILD: a virtual environment with the locked packages and the node

# hadolint ignore=DL3006
FROM ${BASE} AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY requirements/runtime.lock requirements/
RUN python3 -m venv /opt/ledger-node \
    && /opt/ledger-node/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY ledger_node/ ledger_node/
RUN /opt/ledger-node/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/ledger-node/bin/pip uninstall --yes pip setuptools \
    && /opt/ledger-node/bin/python -m compileall -q /opt/ledger-node

# RUN

# hadolint ignore=DL3006
FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 ledger \
    && useradd --uid 10001 --gid ledger --home-dir /data --no-create-home --shell /usr/sbin/nologin ledger \
    && install -d -o ledger -g ledger -m 0700 /data
COPY --from=build /opt/ledger-node /opt/ledger-node
COPY docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh

ENV PATH=/opt/ledger-node/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LEDGER_DATA=/data \
    LEDGER_GATEWAY_HOST=0.0.0.0 \
    LEDGER_RPC_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080 8545
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=15s --start-period=30s --retries=3 CMD ["ledger-node", "health"]
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["run"]
