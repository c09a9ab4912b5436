#!/bin/sh
# Ranks three videos for a user:  sh rank.sh http://127.0.0.1:8080
curl --silent --show-error --fail-with-body --max-time 1 \
  --header 'Content-Type: application/json' \
  --data '{"user":"u1","context":{"tab":"1"},"candidates":["v1","v2",{"id":"v3","features":{"author":"a7"}}],"weights":{"click":1,"long_view":0.5},"limit":3,"deadline_ms":200}' \
  "${1:-http://127.0.0.1:8080}/v1/rank"
