/**
 * A certificate that names `localhost` and 127.0.0.1, signed by itself and valid for a century, for tests of `https:`.
 * Its key is public by intention.
 */
export const LOCALHOST_CERTIFICATE = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgm6USYA74lFM1To7m
AKqkl8yfi5+5u2ceIDi7e0KdUsChRANCAATpB0UaPf6f1akZaFNreGSle29lUyvR
h7DgV+oPqaJ/hUB7RjhBWF5+oZmBlmgJLrgtXjcoU+waJoBmeXKlojni
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUb1FnXE4CnVYYxd2sESRql/95VsYwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzEyMTQxNVoYDzIxMjYxMDMw
MTIxNDE1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATpB0UaPf6f1akZaFNreGSle29lUyvRh7DgV+oPqaJ/hUB7RjhBWF5+
oZmBlmgJLrgtXjcoU+waJoBmeXKlojnio28wbTAdBgNVHQ4EFgQUnsF5QbwhTBQ/
pLjjfdInneZgX1cwHwYDVR0jBBgwFoAUnsF5QbwhTBQ/pLjjfdInneZgX1cwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgBjphOtFyZrSJ7T9Y7zvDsOxhDoO0u/YOOpYNsHVpcBwCIHzs
Tu5XQi9lCRaZYJ0ldtGW2h+mbskLTcVCUNEah0JR
-----END CERTIFICATE-----
`,
};
