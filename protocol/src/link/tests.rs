//! One session by itself.

use std::sync::Arc;

use super::input::Input;
use super::output::Output;
use super::snapshot::Snapshot;
use super::{Identity, Session};
use crate::agreement::Standing;
use crate::entry::SchemaVersion;
use crate::signed::tests::key_from_seed;
use crate::time::UnixMillis;
use crate::wire::error_code::CloseCode;
use crate::wire::{Frame, Hello, PROTOCOL_VERSION};

fn session() -> Session {
    let organisation = |number: &str| number.parse().expect("an organisation number");
    let identity = Identity {
        own: organisation("997391853"),
        partner: organisation("840029212"),
        signing: Arc::new(key_from_seed(1)),
        earlier_keys: Vec::new(),
        partner_keys: Vec::new(),
        entries_max: Identity::ENTRIES_MAX,
        bytes_max: Identity::BYTES_MAX,
        retention: Arc::default(),
    };
    Session::new(identity, None, Standing::Trusted, Snapshot::default(), UnixMillis(0))
}

fn greeted(session: &mut Session, version: u16) -> Vec<Output> {
    session.handle(Input::Connected { salt: [1; 32] }, UnixMillis(0));
    let frame = Frame::Hello(Hello { version, schema: SchemaVersion::CURRENT, salt: [2; 32] });
    session.handle(Input::Frame { stream: frame.stream(), frame, random: [3; 32] }, UnixMillis(0));
    std::iter::from_fn(|| session.poll_output()).collect()
}

#[test]
fn version_of_a_link_is_what_both_sides_speak_and_none_where_they_speak_no_common_one() {
    let mut link = session();
    assert_eq!(link.version(), None, "nobody has greeted");

    let outputs = greeted(&mut link, PROTOCOL_VERSION + 1);
    assert!(outputs.contains(&Output::Close(CloseCode::Version)), "{outputs:?}");
    assert_eq!(link.version(), None, "what the partner says of itself was not agreed on");

    greeted(&mut link, PROTOCOL_VERSION);
    assert_eq!(link.version(), Some(PROTOCOL_VERSION));
    link.handle(Input::Disconnected, UnixMillis(0));
    assert_eq!(link.version(), None);
}
