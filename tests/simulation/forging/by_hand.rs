//! The statement inside a package for the hand: each field of it is under its signature, it is for one
//! municipality, and for exactly one document.

use stafett_node::package::{Contents, ContentsError};
use stafett_protocol::id::PackageId;
use stafett_protocol::succession::by_hand::PackageByHand;

use super::cast::Cast;
use super::refused;

#[test]
fn mutation_of_any_field_of_a_package_for_the_hand_is_refused() {
    let cast = Cast::new();
    let (from, to, third) = (cast.owner(), cast.partner(), cast.story.third);
    let (document, html) = ("{}".to_owned(), "<p>".to_owned());
    let statement = PackageByHand {
        package: PackageId::from_bytes([1; 16]),
        from,
        to,
        document_sha256: Contents::hash_of(&document),
        html_sha256: Contents::hash_of(&html),
        made_on: "2027-06-01".parse().expect("a day"),
    };
    let key = |of| cast.story.world.key(of);
    let signed = key(from).sign(statement.clone()).expect("signs");
    let keys = [key(from).public()];
    let with = |statement: String| Contents { statement, document: document.clone(), html: html.clone() };
    let genuine = with(signed.token().to_owned());
    assert!(genuine.verify(&keys, to).is_ok());

    for (what, token) in refused::<PackageByHand>(signed.token(), signed.key()) {
        assert!(with(token).verify(&keys, to).is_err(), "{what}");
    }
    let strange = key(third).sign(statement).expect("signs");
    let strange = with(strange.token().to_owned());
    assert!(matches!(strange.verify(&keys, to), Err(ContentsError::Signature(_))));
    assert!(matches!(genuine.verify(&keys, third), Err(ContentsError::Receiver)));
    for other in [
        Contents { document: "{ }".to_owned(), ..genuine.clone() },
        Contents { html: "<b>".to_owned(), ..genuine.clone() },
    ] {
        assert!(matches!(other.verify(&keys, to), Err(ContentsError::Hash)));
    }
}
