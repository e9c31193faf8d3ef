use std::collections::BTreeMap;

use aws_lc_rs::hmac;

use super::*;
use crate::succession::package::tests::{FROM, Old, TO, organisation};

/// `name hex` on each line; how it was made stands in its head.
const GOLDEN: &str = include_str!("../../../../tests/fixtures/package-v1/package.txt");

fn golden(name: &str) -> Vec<u8> {
    let lines = GOLDEN.lines().filter(|line| !line.starts_with('#'));
    let named: BTreeMap<&str, &str> = lines.filter_map(|line| line.split_once(' ')).collect();
    let digits = named[name].as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16);
    digits.map(|pair| byte(pair).expect("hexadecimal digits")).collect()
}

fn fixed<const N: usize>(name: &str) -> [u8; N] {
    golden(name).try_into().expect("that many bytes")
}

fn place() -> PackagePlace {
    PackagePlace {
        succession: SuccessionId::from_bytes(fixed("succession")),
        revision: 2,
        from: organisation(FROM),
        to: organisation(TO),
    }
}

fn key() -> PackageKey {
    PackageKey::new(fixed("key"))
}

fn sealed(bytes: usize) -> Sealed {
    let document: Vec<u8> = (0..bytes).map(|place| (place % 251) as u8).collect();
    Sealed::seal(&document, &key(), &place(), [7; 12]).expect("seals")
}

#[test]
fn the_usual_package_is_sealed_as_another_program_seals_it() {
    let document = Old::usual().bytes();
    assert_eq!(document, golden("document"), "{}", String::from_utf8_lossy(&document));

    let sealed = Sealed::seal(&document, &key(), &place(), fixed("nonce")).expect("seals");

    assert_eq!(sealed.as_bytes(), golden("sealed"));
    assert_eq!(sealed.hash(), PackageHash(fixed("hash")));
    assert_eq!(sealed.open(&key(), &place()), Ok(document));
}

#[test]
fn the_key_is_derived_as_another_program_derives_it() {
    let derived = |secret: [u8; 32], place: PackagePlace| {
        let secret = PackageSecret::new(secret);
        *PackageKey::derive(&secret, place.succession, place.revision).expect("derives").reveal()
    };
    let secret: [u8; 32] = fixed("secret");
    assert_eq!(derived(secret, place()), fixed("key"));

    // RFC 5869 by hand: extract with a salt of zeroes, then the first block of expand.
    let mac = |key: &[u8], message: &[u8]| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
    };
    let info =
        [&b"stafett succession package 1"[..], place().succession.as_bytes(), &[0, 0, 0, 2, 1]].concat();
    assert_eq!(mac(&mac(&[0; 32], &secret), &info), derived(secret, place()));

    let other = SuccessionId::from_bytes([1; 16]);
    assert_ne!(derived(secret, PackagePlace { succession: other, ..place() }), fixed("key"));
    assert_ne!(derived(secret, PackagePlace { revision: 3, ..place() }), fixed("key"));
    assert_ne!(derived([0; 32], place()), fixed("key"));
}

#[test]
fn a_package_opens_with_its_key_in_its_place_and_nowhere_else() {
    let sealed = sealed(1_000);
    assert!(sealed.open(&key(), &place()).is_ok());

    let other = PackageKey::new([8; 32]);
    assert_eq!(sealed.open(&other, &place()), Err(SealedError::Open));
    for elsewhere in [
        PackagePlace { succession: SuccessionId::from_bytes([1; 16]), ..place() },
        PackagePlace { revision: 1, ..place() },
        PackagePlace { revision: 3, ..place() },
        PackagePlace { from: organisation(TO), ..place() },
        PackagePlace { to: organisation(FROM), ..place() },
        PackagePlace { from: organisation(TO), to: organisation(FROM), ..place() },
    ] {
        assert_eq!(sealed.open(&key(), &elsewhere), Err(SealedError::Open), "{elsewhere:?}");
    }
}

#[test]
fn a_package_changed_in_any_byte_or_cut_anywhere_does_not_open() {
    let sealed = Sealed::new(golden("sealed")).expect("a package");
    for position in (0..sealed.as_bytes().len()).step_by(97).chain(0..30) {
        for bit in [1, 128] {
            let mut changed = sealed.as_bytes().to_vec();
            changed[position] ^= bit;
            let changed = Sealed::new(changed).expect("of that size");
            assert!(changed.open(&key(), &place()).is_err(), "position {position}");
            assert_ne!(changed.hash(), sealed.hash());
        }
        let cut = Sealed::new(sealed.as_bytes()[..position].to_vec());
        assert!(cut.and_then(|cut| cut.open(&key(), &place())).is_err(), "length {position}");
    }
    let longer = [sealed.as_bytes(), &[0]].concat();
    assert!(Sealed::new(longer).expect("of that size").open(&key(), &place()).is_err());
}

#[test]
fn parts_make_the_package_again_and_nothing_else_does() {
    let sealed = sealed(2 * PACKAGE_PART_BYTES + 5);
    let bytes = u32::try_from(sealed.as_bytes().len()).expect("fits");
    let parts: Vec<&[u8]> = sealed.parts().collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [196_608, 196_608, 34]);
    let together = |parts: &[&[u8]], bytes| Sealed::from_parts(parts.iter().copied(), bytes, sealed.hash());

    assert_eq!(together(&parts, bytes), Ok(sealed.clone()));

    assert_eq!(together(&[parts[1], parts[0], parts[2]], bytes), Err(SealedError::Hash));
    assert_eq!(together(&[parts[0], parts[0], parts[2]], bytes), Err(SealedError::Hash));
    assert_eq!(together(&[parts[0], parts[2], parts[1]], bytes), Err(SealedError::Parts));
    assert_eq!(together(&parts[..2], bytes), Err(SealedError::Parts));
    assert_eq!(together(&parts[1..], bytes), Err(SealedError::Parts));
    assert_eq!(together(&[], bytes), Err(SealedError::Parts));
    assert_eq!(together(&[parts[0], parts[1], parts[2], b"a"], bytes), Err(SealedError::Parts));
    assert_eq!(together(&[parts[0], parts[1], parts[2], b""], bytes), Err(SealedError::Parts));
    assert_eq!(together(&parts, bytes - 1), Err(SealedError::Parts));
    assert_eq!(together(&parts, bytes + 1), Err(SealedError::Parts));
    let mut last = parts[2].to_vec();
    last[33] ^= 1;
    assert_eq!(together(&[parts[0], parts[1], &last], bytes), Err(SealedError::Hash));
    let endless = std::iter::repeat(parts[0]);
    assert_eq!(Sealed::from_parts(endless, bytes, sealed.hash()), Err(SealedError::Parts));
    let whole: Vec<&[u8]> = vec![sealed.as_bytes()];
    assert_eq!(together(&whole, bytes), Err(SealedError::Parts));
}

#[test]
fn a_package_of_whole_parts_has_no_empty_one() {
    let sealed = sealed(2 * PACKAGE_PART_BYTES - SEAL_BYTES);

    assert_eq!(sealed.parts().map(<[u8]>::len).collect::<Vec<_>>(), [196_608, 196_608]);
    assert_eq!(Sealed::from_parts(sealed.parts(), 393_216, sealed.hash()), Ok(sealed));
}

#[test]
fn a_package_has_its_bytes_and_not_one_more() {
    let largest = vec![0; PACKAGE_BYTES_MAX - SEAL_BYTES];
    let sealed = Sealed::seal(&largest, &key(), &place(), [7; 12]).expect("seals");
    assert_eq!(sealed.as_bytes().len(), PACKAGE_BYTES_MAX);
    let bytes = u32::try_from(PACKAGE_BYTES_MAX).expect("fits");
    assert!(Sealed::from_parts(sealed.parts(), bytes, sealed.hash()).is_ok());

    let over = [&largest[..], &[0]].concat();
    assert_eq!(Sealed::seal(&over, &key(), &place(), [7; 12]).map(drop), Err(SealedError::TooLarge));
    assert_eq!(Sealed::new(vec![1; PACKAGE_BYTES_MAX + 1]).map(drop), Err(SealedError::TooLarge));
    for bytes in [bytes + 1, u32::MAX] {
        let put = Sealed::from_parts([], bytes, sealed.hash());
        assert_eq!(put.map(drop), Err(SealedError::TooLarge));
    }
    assert_eq!(Sealed::new(vec![1; SEAL_BYTES - 1]).map(drop), Err(SealedError::Form));
    assert_eq!(
        Sealed::new(vec![1; SEAL_BYTES]).and_then(|it| it.open(&key(), &place())),
        Err(SealedError::Open)
    );
    assert_eq!(
        Sealed::new(vec![2; SEAL_BYTES]).and_then(|it| it.open(&key(), &place())),
        Err(SealedError::Form)
    );
}

#[test]
fn keys_print_as_redacted_and_a_package_prints_its_size() {
    let printed = format!("{:?} {:?} {:?}", key(), PackageSecret::new([7; 32]), sealed(71));

    assert_eq!(printed, "PackageKey(«redacted») PackageSecret(«redacted») Sealed(100 bytes)");
}
