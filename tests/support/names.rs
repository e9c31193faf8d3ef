//! Invented municipalities, services and persons.

use std::collections::BTreeSet;

use stafett_protocol::id::PersonId;
use stafett_protocol::municipality::{AreaCode, OrganisationNumber, Service, ServiceCode};
use stafett_protocol::signed::SigningKey;

/// The owner in most stories; its number lies between the partners'.
pub const OWNER: &str = "310000019";
/// A partner with a lower number than the owner.
pub const LOW_PARTNER: &str = "310000000";
/// A partner with a higher number than the owner.
pub const HIGH_PARTNER: &str = "840029212";

/// One guardian.
pub const MOTHER: PersonId = PersonId::from_bytes([0xa1; 16]);
/// The other guardian.
pub const FATHER: PersonId = PersonId::from_bytes([0xa2; 16]);
/// The child.
pub const CHILD: PersonId = PersonId::from_bytes([0xa3; 16]);

/// Returns the organisation with a number.
pub fn organisation(number: &str) -> OrganisationNumber {
    number.parse().expect("an organisation number")
}

/// Returns a service of an organisation.
pub fn service(host: OrganisationNumber, code: &str) -> Service {
    Service { host, code: service_code(code) }
}

/// Returns the code of a service.
pub fn service_code(code: &str) -> ServiceCode {
    code.parse().expect("the code of a service")
}

/// Returns areas by their codes.
pub fn areas(codes: &[&str]) -> BTreeSet<AreaCode> {
    codes.iter().map(|code| code.parse().expect("the code of an area")).collect()
}

/// Makes a signing key from 32 equal bytes, in PKCS #8 as RFC 8410 section 7 lays it out.
pub fn key(seed: u8) -> SigningKey {
    let mut pkcs8 =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    pkcs8.extend([seed; 32]);
    SigningKey::from_pkcs8(&pkcs8).expect("a key of 32 bytes")
}
