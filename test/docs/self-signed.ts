/** A certificate that nobody trusts, and its key: `openssl req -x509 -nodes -newkey ec … -days 36500 -subj /CN=localhost`. */
export const SELF_SIGNED: { readonly key: string; readonly cert: string } = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgodBjyIzMoeadIHEK
LPM/H1lx5ptysgvhSfBgttFH01ahRANCAASleprjbRVxDxlsRBwAsglgSkgRtD77
FbGKy5+yUdxK1i9ZwUVTjYGdcJBtpv3vCilqfbb40YgPgdLp9T8SZmFI
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUcwc0cWWg4qIyfGoKCk62lgdOi/cwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjEzMzgwOVoYDzIxMjYxMDI5
MTMzODA5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASleprjbRVxDxlsRBwAsglgSkgRtD77FbGKy5+yUdxK1i9ZwUVTjYGd
cJBtpv3vCilqfbb40YgPgdLp9T8SZmFIo1MwUTAdBgNVHQ4EFgQU+BcO2KSrDvn8
9+/tRMv2eThin0cwHwYDVR0jBBgwFoAU+BcO2KSrDvn89+/tRMv2eThin0cwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA/VPWIvsmgSVKUpSd4NUT/
R+vVR7guxbWaew1AHXVjjQIhALc+832KAh7DQ77A5YheRzelBe0/+ItTNcKcvtMG
VbwL
-----END CERTIFICATE-----
`,
};
