#!/bin/sh
# Everything that was ever sent to an exchange, and then what comes. Each event has an id; a client that comes back
# with "Last-Event-ID: <id>" goes on after it, as browsers do by themselves.
exec curl --no-buffer --silent --show-error --fail-with-body \
  -H "Authorization: Bearer $EVENTYARD_KEY" \
  "${EVENTYARD_URL:-http://127.0.0.1:8080}/v1/streams/${EXCHANGE:-orders}?key=%23&from=first"
