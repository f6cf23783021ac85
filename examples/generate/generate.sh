#!/bin/sh
# Start a generation whose videos come in 4K automatically: sh generate.sh "A lighthouse at dawn"
# KIE_API_KEY: the provider's key. VEO4K_HOOK: the output of `veo4k hook`.
set -eu
escaped=$(printf %s "$1" | tr '\n\r\t' '   ' | sed 's/[\\"]/\\&/g')

curl --fail-with-body --silent --show-error "${KIE_BASE_URL:-https://api.kie.ai}/api/v1/veo/generate" \
  --header "Authorization: Bearer $KIE_API_KEY" \
  --header "Content-Type: application/json" \
  --data "{\"prompt\": \"$escaped\", \"model\": \"veo3_fast\", \"callBackUrl\": \"$VEO4K_HOOK\"}"
