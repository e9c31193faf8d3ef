//! Birthdays and registrations: who must be asked changes, and what is shared pauses by that.

use stafett_protocol::consent::ConsentStatus;
use stafett_protocol::consent::rule::{Capacity, Party};
use stafett_protocol::id::{ConsentId, EntryId, PersonId};
use stafett_protocol::time::{HOUR, MINUTE, UnixMillis};
use stafett_protocol::wire::Frame;
use stafett_tests::federation::{AskFor, Crash};
use stafett_tests::names::{CHILD, FATHER, MOTHER, service};

use crate::story::Story;

/// A case shared by both guardians, whose child turns sixteen in an hour.
struct Sixteen {
    story: Story,
    birthday: UnixMillis,
    consent: ConsentId,
    /// What the partner had before.
    before: EntryId,
}

impl Sixteen {
    fn new(seed: u64) -> Self {
        let mut story = Story::new(seed);
        let birthday = story.world.now().plus(HOUR);
        story.world.set_birthdays(story.case, &[(16, birthday)]);
        let consent = story.share("ppt", &["language"]);
        let before = story.note("før bursdagen");
        Self { story, birthday, consent, before }
    }

    fn run_until(&mut self, moment: UnixMillis) {
        let story = &mut self.story;
        story.world.run_for(moment.since(story.world.now()));
    }

    fn status(&self) -> ConsentStatus {
        let ledger = &self.story.world.node(self.story.owner).store.ledgers[&self.story.case.case];
        ledger.status(&ledger.consents()[&self.consent], self.story.world.now())
    }

    fn text(&self, entry: EntryId) -> Option<String> {
        self.story.world.text(self.story.partner, entry)
    }

    /// The youth says yes to a newer version.
    fn youth_says_yes(&mut self) {
        let story = &mut self.story;
        let both = AskFor::both(service(story.partner, "ppt"), &["language"]);
        let newer = story.world.ask(story.case, &AskFor { supersedes: Some(self.consent), ..both });
        story.world.give(story.case, newer, CHILD, false);
        story.world.run_for(5 * MINUTE);
    }
}

fn orders(frames: &[Frame]) -> usize {
    frames.iter().filter(|frame| matches!(frame, Frame::Order(_))).count()
}

#[test]
fn birthday_pauses_at_its_midnight_and_the_youths_own_yes_opens_again() {
    for seed in 0..4 {
        let mut sixteen = Sixteen::new(seed);
        sixteen.run_until(UnixMillis(sixteen.birthday.0 - MINUTE));
        let last = sixteen.story.note("kvelden før");
        assert_eq!(sixteen.text(last).as_deref(), Some("kvelden før"), "seed {seed}");

        sixteen.run_until(sixteen.birthday);
        let start = sixteen.story.world.taps.len();
        let held = sixteen.story.note("etter midnatt");
        sixteen.story.world.edit(sixteen.story.owner, last, r#"{"description":"mer"}"#);
        sixteen.story.world.sweep(sixteen.story.case);
        sixteen.story.world.run_for(HOUR);

        assert!(matches!(sixteen.status(), ConsentStatus::MustBeRenewed { .. }), "seed {seed}");
        assert_eq!(sixteen.story.entries_sent_since(start), Vec::new(), "seed {seed}");
        assert_eq!(orders(&sixteen.story.sent_since(start)), 0, "seed {seed}: nothing is recalled");
        assert_eq!(sixteen.text(sixteen.before).as_deref(), Some("før bursdagen"), "seed {seed}");
        assert_eq!(sixteen.text(last).as_deref(), Some("kvelden før"), "seed {seed}");
        sixteen.youth_says_yes();
        assert_eq!(sixteen.text(held).as_deref(), Some("etter midnatt"), "seed {seed}");
        assert_eq!(sixteen.text(sixteen.before).as_deref(), Some("før bursdagen"), "seed {seed}");
        sixteen.story.assert_no_alarm();
    }
}

#[test]
fn guardians_yes_opens_nothing_after_the_birthday() {
    let mut sixteen = Sixteen::new(1);
    sixteen.run_until(sixteen.birthday);
    let start = sixteen.story.world.taps.len();
    let held = sixteen.story.note("etter midnatt");

    let story = &mut sixteen.story;
    let both = AskFor::both(service(story.partner, "ppt"), &["language"]);
    story.world.share(story.case, &AskFor { supersedes: Some(sixteen.consent), ..both });
    story.world.run_for(5 * MINUTE);

    assert_eq!(sixteen.story.sent_since(start), Vec::new());
    assert_eq!(sixteen.text(held), None);
}

#[test]
fn birthday_pauses_also_when_the_owner_was_down_at_midnight() {
    for seed in 0..4 {
        let mut sixteen = Sixteen::new(seed);
        sixteen.run_until(UnixMillis(sixteen.birthday.0 - MINUTE));
        let (owner, partner) = (sixteen.story.owner, sixteen.story.partner);
        sixteen.story.world.cut(owner, partner);
        let undelivered = sixteen.story.note("kom aldri fram");
        sixteen.run_until(sixteen.birthday.plus(HOUR));
        let start = sixteen.story.world.taps.len();

        sixteen.story.world.restart(owner, Crash::AfterCommits);
        sixteen.story.world.heal(owner, partner);
        sixteen.story.world.run_for(HOUR);

        assert!(sixteen.story.world.is_live(owner, partner), "seed {seed}");
        assert_eq!(sixteen.story.entries_sent_since(start), Vec::new(), "seed {seed}");
        assert_eq!(orders(&sixteen.story.sent_since(start)), 0, "seed {seed}");
        assert_eq!(sixteen.text(sixteen.before).as_deref(), Some("før bursdagen"), "seed {seed}");
        sixteen.youth_says_yes();
        assert_eq!(sixteen.text(undelivered).as_deref(), Some("kom aldri fram"), "seed {seed}");
        sixteen.story.assert_no_alarm();
    }
}

fn party(person: PersonId, capacity: Capacity) -> Party {
    Party { person, capacity }
}

#[test]
fn care_order_pauses_once_a_leader_has_approved_it_and_not_before() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        let before = story.note("før vedtaket");
        let welfare = PersonId::from_bytes([0xc1; 16]);
        let guardian = Capacity::GuardianWithParentalResponsibility;
        let parties = vec![
            party(MOTHER, guardian),
            party(FATHER, guardian),
            party(CHILD, Capacity::Subject),
            party(welfare, Capacity::ChildWelfareService),
        ];
        let registration = story.world.register_family(story.case, parties, None);
        let between = story.note("mens det venter");
        assert_eq!(story.world.text(story.partner, between).as_deref(), Some("mens det venter"));

        story.world.approve_family(story.case, registration);
        let start = story.world.taps.len();
        story.note("etter godkjenningen");
        story.world.run_for(HOUR);

        assert_eq!(story.sent_since(start), Vec::new(), "seed {seed}");
        assert_eq!(story.world.text(story.partner, before).as_deref(), Some("før vedtaket"), "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn court_decision_that_leaves_one_guardian_opens_what_waited_for_the_other() {
    let mut story = Story::new(2);
    let consent = story.world.ask(story.case, &AskFor::both(service(story.partner, "ppt"), &["language"]));
    story.world.give(story.case, consent, MOTHER, false);
    let note = story.note("venter på far");
    assert_eq!(story.world.text(story.partner, note), None);
    let parties = vec![
        party(MOTHER, Capacity::GuardianWithParentalResponsibility),
        party(FATHER, Capacity::ParentWithoutParentalResponsibility),
        party(CHILD, Capacity::Subject),
    ];

    let registration = story.world.register_family(story.case, parties, None);
    story.world.approve_family(story.case, registration);
    story.world.run();

    assert_eq!(story.world.text(story.partner, note).as_deref(), Some("venter på far"));
}
