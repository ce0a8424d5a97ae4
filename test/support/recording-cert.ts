/**
 * A self-signed certificate for `localhost` and `secure.example`, for tests that need a TLS server. Worth nothing elsewhere.
 * Made by: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500
 */
export const localhostCert = `-----BEGIN CERTIFICATE-----
MIIBrDCCAVOgAwIBAgIUataabFT0uK7pswJtqe81R9aq3jwwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNU2x1Z2xpbmUgdGVzdDAgFw0yNjExMjMwOTQ2MjJaGA8yMTI2
MTAzMDA5NDYyMlowGDEWMBQGA1UEAwwNU2x1Z2xpbmUgdGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABMaVICn2pxQnwd/i2vhUiSwRh1Kw29Lfy2nh04OoSc4R
vwKXiCUUXC4mMI9l8Djepz+yJKEwEEcX2O9XNAvNn2mjeTB3MB0GA1UdDgQWBBT7
rWO/sf2ukVmp1XkMlEyaPkTIcjAfBgNVHSMEGDAWgBT7rWO/sf2ukVmp1XkMlEya
PkTIcjAPBgNVHRMBAf8EBTADAQH/MCQGA1UdEQQdMBuCCWxvY2FsaG9zdIIOc2Vj
dXJlLmV4YW1wbGUwCgYIKoZIzj0EAwIDRwAwRAIgTbeNhk50Uz6QPMkRyfsfIXq2
tkwXaxlsjUDg/sC/WfYCIDKXTmxbYR0SJRRaN7jAz9eCLnYg+LFYscxshgzIwAtt
-----END CERTIFICATE-----
`;

export const localhostKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggp7feeNw2WhvbuxW
Z3FLXkpBKvW5hg/WNdGIwsXmED2hRANCAATGlSAp9qcUJ8Hf4tr4VIksEYdSsNvS
38tp4dODqEnOEb8Cl4glFFwuJjCPZfA43qc/siShMBBHF9jvVzQLzZ9p
-----END PRIVATE KEY-----
`;
