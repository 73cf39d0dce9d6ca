#!/usr/bin/env bash
# Makes what the SASL_SSL variant needs, in a folder: an authority (ca.pem) and Kafka's key with its certificate (kafka.pem),
# for the name under which clients reach it. For one machine and a first try; a real cluster has an authority of its own.
#   docker/make-certificates.sh docker/secrets [name, default kafka]
set -euo pipefail
folder=$1
name=${2:-kafka}
mkdir -p "$folder"
cd "$folder"
umask 077
openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj "/CN=truce monitor authority" -keyout ca.key -out ca.pem
openssl req -newkey rsa:3072 -nodes -subj "/CN=$name" -keyout kafka.key -out kafka.csr
openssl x509 -req -in kafka.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -out kafka.crt \
    -extfile <(printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1' "$name")
# Kafka reads key and chain from one file.
openssl pkcs8 -topk8 -nocrypt -in kafka.key -out kafka.pem
cat kafka.crt ca.pem >>kafka.pem
rm -f kafka.key kafka.csr kafka.crt ca.srl
# Read by the users inside the containers, who are nobody on this machine.
chmod 644 ca.pem kafka.pem
