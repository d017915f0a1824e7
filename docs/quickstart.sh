#!/bin/sh
# Builds signer and signs real code with it, showing every command as it runs it.
# Everything it makes lies in one temporary directory, which it names at the end.
set -eu
cd "$(dirname "$0")/.."
repository=$PWD
work=$(mktemp -d)

run() {
	printf '\n$ %s\n' "$*"
	"$@"
}

run go build -o "$work/signer" .
PATH=$work:$PATH
export SIGNER_HOME="$work/home" AWS_PAGER=

# What is signed is this repository's own source, as a zip for Lambda.
git archive --format=zip -o "$work/MyCode.zip" HEAD README.md main.go pkg cmd
cd "$work"

run signer s3api create-bucket --bucket signer-source
run signer s3api put-bucket-versioning --bucket signer-source --versioning-configuration Status=Enabled
run signer s3api create-bucket --bucket signer-destination
run signer s3api put-object --bucket signer-source --key MyCode.zip --body MyCode.zip
version=$(signer s3api head-object --bucket signer-source --key MyCode.zip --query VersionId --output text)

run signer put-signing-profile --profile-name MyProfile7 --platform-id AWSLambda-SHA384-ECDSA
run signer start-signing-job \
	--source "s3={bucketName=signer-source,key=MyCode.zip,version=$version}" \
	--destination 's3={bucketName=signer-destination,prefix=signed-}' \
	--profile-name MyProfile7
job=$(signer list-signing-jobs --query 'jobs[0].jobId' --output text)
run signer wait successful-signing-job --job-id "$job"
run signer describe-signing-job --job-id "$job"
key=$(signer describe-signing-job --job-id "$job" --query signedObject.s3.key --output text)
run signer s3api get-object --bucket signer-destination --key "$key" MyCode-signed.zip

# What OpenSSL says of it. The signature covers the SHA-384 of names and contents.
if ! command -v openssl >/dev/null || ! command -v unzip >/dev/null; then
	printf '\nThe signature was not checked: that needs openssl and unzip.\n'
	exit 0
fi
signature=META_INF/aws_signer_signature_v1.0.SF
contents() {
	unzip -Z1 MyCode-signed.zip | while IFS= read -r name; do
		[ "$name" = "$signature" ] && continue
		printf %s "$name"
		case $name in */) ;; *) unzip -p MyCode-signed.zip "$name" ;; esac
	done
}
contents | openssl dgst -sha384 -binary >digest.bin
unzip -p MyCode-signed.zip "$signature" >signature.pem
printf '\n$ signer export-trust >root.pem\n'
signer export-trust >root.pem
run openssl cms -verify -binary -inform PEM -in signature.pem -content digest.bin -CAfile root.pem -purpose any -out /dev/null

printf '\nSigned: %s/MyCode-signed.zip\n' "$work"
cd "$repository"
