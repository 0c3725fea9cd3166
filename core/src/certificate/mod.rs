//! Certificates: GPKI, NPKI and PKCS#12 as they lie on disk.
