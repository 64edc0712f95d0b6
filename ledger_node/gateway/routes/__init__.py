"""The endpoints, one file per resource. A handler reads the request, asks settlement, renders the answer; no more."""
