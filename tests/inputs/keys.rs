//! A node's key files, spoilt in every way that a seed and a chance come to.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use stafett_node::keys::{CertificateSubject, NodeKeys};
use stafett_node::startup::signing_key;
use stafett_protocol::mark::LinkMark;
use stafett_protocol::time::UnixMillis;
use stafett_tests::chance::Chance;
use stafett_tests::names::{HIGH_PARTNER, OWNER, organisation};

use super::decoders::mutated;

const MUTATIONS: u64 = 150;

/// Either the files are refused, or they are the keys of one node, which signs with them.
#[test]
fn key_files_that_are_taken_belong_together_and_sign() {
    let subject = CertificateSubject {
        organisation: organisation(OWNER),
        municipality: "5053".to_owned(),
        from: UnixMillis(1_700_000_000_000),
        until: UnixMillis(1_900_000_000_000),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    NodeKeys::generate(&subject).expect("makes keys").write(folder.path()).expect("writes");
    let mut files: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|file| file.expect("a file").path())
        .collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).expect("reads")).collect();
    let mut counted = [0_u64; 2];
    for (place, (file, seed)) in files.iter().zip(&seeds).enumerate() {
        let chance = Chance::new(place as u64);
        // Also one file in the place of another.
        let others =
            seeds.iter().cloned().chain((0..MUTATIONS).map(|number| mutated(&seeds, &chance, number)));
        for bytes in others {
            std::fs::write(file, bytes).expect("writes");
            std::fs::set_permissions(file, Permissions::from_mode(0o600)).expect("an own file");
            let read = NodeKeys::read(folder.path());
            counted[usize::from(read.is_ok())] += 1;
            let Ok(keys) = read else { continue };
            assert_eq!(keys.organisation(), organisation(OWNER));
            let signing = signing_key(&keys).expect("a key that signs");
            let partner = organisation(HIGH_PARTNER);
            let mark = LinkMark { signer: organisation(OWNER), partner, incarnation: 0, number: 1 };
            let token = signing.sign(mark).expect("signs").token().to_owned();
            let signed = stafett_protocol::signed::Signed::<LinkMark>::from_token(token);
            assert!(signed.verify(&[signing.public()]).is_ok());
        }
        std::fs::write(file, seed).expect("writes");
    }
    assert!(counted[0] > 2 * MUTATIONS && counted[1] >= 4, "{counted:?}");
}
