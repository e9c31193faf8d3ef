//! Every bound, in one place (law 21).
//!
//! Over a bound comes a typed refusal that depends on that link only. A figure changes with a
//! measurement and a reason.

/// Bytes of one frame's kind and body; checked before anything is allocated.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;
/// Bytes read from a stream at a time while a frame arrives.
pub const FRAME_READ_STEP_BYTES: usize = 16 * 1024;

/// Bytes of one change as it stands in a frame.
pub const CHANGE_BYTES_MAX: usize = 64 * 1024;
/// Operations of one change; a run of text counts one for each character.
///
/// A new generation holds an entry's whole present value in one change (law 7), so this also
/// bounds an entry: 20,000 characters are some eight pages. Each operation costs about 190 bytes
/// in a document, so one change costs at most 4 MB of memory.
pub const CHANGE_OPERATIONS_MAX: usize = 20_000;
/// Changes that one change may name as its parents.
pub const CHANGE_DEPENDENCIES_MAX: usize = 32;
/// Changes side by side that a partner may leave in a generation. An edit names all of them as its
/// parents, so they must be fewer than [`CHANGE_DEPENDENCIES_MAX`].
pub const HEADS_FROM_PARTNER_MAX: usize = CHANGE_DEPENDENCIES_MAX / 2;
/// Bytes of one text field.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one scalar field that is text: a name, a date, a status.
pub const SCALAR_BYTES_MAX: usize = 1_024;
/// Elements of one list field.
pub const LIST_ELEMENTS_MAX: usize = 128;
/// Changes of one generation before the owner starts a new one.
pub const GENERATION_CHANGES_MAX: usize = 256;
/// Changes of one generation after which a partner's are refused; between this and
/// [`GENERATION_CHANGES_MAX`] is room for those that were on their way when it became full.
pub const GENERATION_CHANGES_FROM_PARTNER_MAX: usize = 2 * GENERATION_CHANGES_MAX;
/// Changes of one generation in all; what is above a partner's bound is kept for the owner, who
/// must be able to settle a conflict before it can start a new generation.
pub const GENERATION_CHANGES_STORED_MAX: usize = 3 * GENERATION_CHANGES_MAX;
/// Milliseconds without a change before a generation may be cut (law 7).
pub const GENERATION_QUIET_MS: u64 = 10 * crate::time::MINUTE;
/// Milliseconds on a live connection after which a partner that has acknowledged a later generation,
/// and has named none of the earlier ones that only a row says it got, counts as having none of them:
/// 3 minutes. What waits there is sent within seconds.
pub const SILENT_MS: u64 = 3 * crate::time::MINUTE;
/// Operations of all changes of one generation together before the owner starts a new one; the
/// bounds for a partner's and for all changes are twice and three times as many.
pub const GENERATION_OPERATIONS_MAX: usize = 64_000;

/// Earlier generations of one entry that are kept for late edits (law 7). A generation lasts at
/// least [`GENERATION_QUIET_MS`] or [`GENERATION_CHANGES_MAX`] changes, and people rarely go back to
/// one entry on more than a handful of days, so this is weeks of a partner's silence. A late edit
/// is carried through all of them one by one, so it also bounds what one costs.
pub const EARLIER_GENERATIONS_MAX: usize = 16;
/// How often late edits are read and carried anew because the entry changed meanwhile; then the
/// partner is told that they cannot be taken now.
pub const CARRY_ATTEMPTS_MAX: u32 = 8;

/// Areas that one entry, consent or grant may name.
pub const AREAS_MAX: usize = 32;
/// Entries that one order to erase names; more make more orders.
pub const ORDER_ENTRIES_MAX: usize = 500;
/// Entries that a partner may have stored here, unless its agreement says less.
pub const PARTNER_ENTRIES_MAX: u64 = 200_000;
/// Bytes that a partner may have stored here, unless its agreement says less.
pub const PARTNER_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Bytes that a partner may send in a minute.
pub const PARTNER_BYTES_PER_MINUTE_MAX: u64 = 20 * 1024 * 1024;
/// Protocol errors in a minute after which a link is closed.
pub const PROTOCOL_ERRORS_PER_MINUTE_MAX: u32 = 5;
/// Proposals of one link that wait for an answer.
pub const PROPOSALS_WAITING_MAX: usize = 256;

/// Entries disclosed in one transaction.
pub const DISCLOSURE_BATCH_ENTRIES: usize = 256;
/// Disclosure batches of one link that wait for the store.
pub const DISCLOSURE_BATCHES_WAITING_MAX: usize = 4;
/// Frames of one link that wait for the transport before nothing more is disclosed; a partner
/// that lets twice as many gather, by asking and not reading the answers, is closed.
pub const OUTPUT_FRAMES_WAITING_MAX: usize = 1_024;
/// Milliseconds between two times that one entry is sent from its beginning because the partner
/// asked for it; asking earlier is answered when they are over.
pub const RESEND_INTERVAL_MS: u64 = 15 * crate::time::SECOND;

/// Bytes of one message of set reconciliation.
pub const RECONCILE_MESSAGE_BYTES_MAX: usize = 200 * 1024;
/// Rounds of one set reconciliation.
pub const RECONCILE_ROUNDS_MAX: u32 = 8;
/// Milliseconds between the starts of two reconciliations of one link.
pub const RECONCILE_INTERVAL_MS: u64 = crate::time::MINUTE;

/// Milliseconds before an order without a receipt is sent again on a living link.
pub const ORDER_REPEAT_MS: u64 = 15 * crate::time::MINUTE;
/// Milliseconds after which a missing receipt is red on the operator's page.
pub const RECEIPT_LATE_MS: u64 = crate::time::DAY;
/// Milliseconds after which a partner without a receipt gets no new sharing.
pub const RECEIPT_OVERDUE_MS: u64 = 3 * crate::time::DAY;
/// Milliseconds before its end in which a consent counts as running out.
pub const CONSENT_EXPIRING_MS: u64 = 30 * crate::time::DAY;
/// Milliseconds after which a leader is asked whether an address protection was renewed: eleven
/// months of a decision that runs for twelve.
pub const PROTECTION_REVIEW_MS: u64 = 335 * crate::time::DAY;
/// For how long a decision of address protection runs (folkeregisterloven § 10-4); nothing is
/// lifted when it is over.
pub const PROTECTION_RUNS_MS: u64 = 365 * crate::time::DAY;
/// For how long nobody may have answered before a consent that was asked for is a task.
pub const NOT_ANSWERED_MS: u64 = 7 * crate::time::DAY;
/// For how long somebody may be missing before a partly given consent is a task.
pub const PARTLY_GIVEN_MS: u64 = 14 * crate::time::DAY;
/// How long before a birthday it becomes a task.
pub const BIRTHDAY_AHEAD_MS: u64 = 90 * crate::time::DAY;
/// How long before a birthday the task becomes pressing, and how long after it the task stays.
pub const BIRTHDAY_NEAR_MS: u64 = 30 * crate::time::DAY;
/// For how long a consent that ran out stays a task unless another takes its place.
pub const EXPIRED_TASK_MS: u64 = 90 * crate::time::DAY;
/// Registrations of the family that may wait for approval in one case.
pub const REGISTRATIONS_WAITING_MAX: usize = 8;
/// Bytes of the reference to a document in the archive.
pub const DOCUMENT_REFERENCE_BYTES_MAX: usize = 200;
/// Milliseconds that undelivered writing waits with its author after a sharing ended.
pub const RETURNED_DRAFT_MS: u64 = 14 * crate::time::DAY;

/// Entries whose undelivered writing is looked for at a time when a sharing ends.
pub const RETURNED_ENTRIES_AT_A_TIME: usize = 16;
/// Bytes of the words on which a partner keeps an entry.
pub const BASIS_TEXT_BYTES_MAX: usize = 400;
/// Duties to keep of one municipality; with the words of all of them a receipt fits a frame.
pub const RETENTION_RULES_MAX: usize = 64;
/// Entries, or grants, that one frame of the answer to a restored node names.
pub const HOLDING_IDS_MAX: usize = 8_000;
/// Grants that a partner may show to a restored node.
pub const HOLDING_GRANTS_MAX: usize = 100_000;
/// Frames in which a partner may show what it holds under those grants: one for each, and more
/// where one does not hold all entries.
pub const HOLDING_FRAMES_MAX: usize = HOLDING_GRANTS_MAX + HOLDING_GRANTS_MAX / 10;
/// Frames in which a partner may name its living grants.
pub const LIVING_FRAMES_MAX: usize = HOLDING_GRANTS_MAX.div_ceil(HOLDING_IDS_MAX);
/// Milliseconds for each answer to a partner that says it was restored, on whatever connections:
/// for each, everything that is held of it is read. Two may follow one another at once.
pub const ANSWER_INTERVAL_MS: u64 = crate::time::MINUTE;
/// Milliseconds between two commits of a partner's mark; the latest is the one that counts.
pub const MARK_INTERVAL_MS: u64 = crate::time::SECOND;
/// Milliseconds that a node waits for its partner to show its mark; an older one never does.
pub const SHOWN_WAIT_MS: u64 = 15 * crate::time::SECOND;

/// Days that backups, and so wrapped data keys, are kept at the most.
pub const BACKUP_DAYS_MAX: u32 = 35;

/// Guardians that one case may name.
pub const CASE_GUARDIANS_MAX: usize = 16;
/// Participants that one case may name.
pub const CASE_PARTICIPANTS_MAX: usize = 128;
/// Drafts that one case may hold at a time.
pub const CASE_DRAFTS_MAX: usize = 64;
/// Characters of one draft; more would never fit the one change that publishes it.
pub const DRAFT_CHARACTERS_MAX: usize = CHANGE_OPERATIONS_MAX;
/// Characters of all drafts of one case together: some 40 MB of memory.
pub const CASE_DRAFT_CHARACTERS_MAX: usize = 200_000;
/// Changes of one private case document before its history is dropped.
pub const CASE_CHANGES_MAX: u64 = 1_024;
/// Operations of one private case document, deleted text included, before its history is dropped.
pub const CASE_OPERATIONS_MAX: u64 = 2 * CASE_DRAFT_CHARACTERS_MAX as u64;
/// Bytes of one saved private case document; several times what the bounds above can make.
pub const CASE_DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Milliseconds in which an offer of the baton can be accepted; then it lapses.
pub const BATON_OFFER_MS: u64 = 14 * crate::time::DAY;
/// Offers of the baton to own services that are kept of one partner.
pub const BATONS_THERE_MAX: usize = 1_024;
/// Milliseconds for each word about a baton that a partner has answered, in the long run.
pub const BATON_WORD_INTERVAL_MS: u64 = crate::time::SECOND;
/// Words about batons that a partner has answered at once.
pub const BATON_WORDS_AT_ONCE_MAX: u64 = 256;
/// Milliseconds after which what the owner has not answered of a baton is said again.
pub const BATON_REPEAT_MS: u64 = 15 * crate::time::MINUTE;
/// Milliseconds in which whoever acts for a stafettholder who has left finds another; then it is late.
pub const BATON_ACTING_MS: u64 = 7 * crate::time::DAY;
/// Milliseconds in which a family is told that there is a new stafettholder.
pub const NEW_HOLDER_TOLD_MS: u64 = 30 * crate::time::DAY;
/// Milliseconds after which an offer of the baton without an answer is a sign that a case has stopped.
pub const BATON_WAITS_MS: u64 = 7 * crate::time::DAY;
/// Milliseconds without a written meeting after which a case of the levels on which people meet has
/// stopped: 12 weeks.
pub const MEETING_MISSING_MS: u64 = 12 * 7 * crate::time::DAY;
/// Milliseconds for which a service's no may stand before it is a sign that a case has stopped.
pub const UNANSWERED_MS: u64 = 14 * crate::time::DAY;
/// Bytes of the reason why a service cannot take a case.
pub const UPTAKE_REASON_BYTES_MAX: usize = 1_024;
/// Milliseconds for each new answer of a partner's services that is written down, in the long run.
pub const UPTAKE_INTERVAL_MS: u64 = crate::time::SECOND;
/// New answers of a partner's services that are written down at once.
pub const UPTAKES_AT_ONCE_MAX: u64 = 256;
/// Milliseconds before an answer that the owner could not take is said again.
pub const UPTAKE_RETRY_MS: u64 = crate::time::MINUTE;
/// Bytes of the note that goes with an offer of the baton.
pub const HANDOVER_NOTE_BYTES_MAX: usize = 16 * 1024;

/// Items of the checklist of a transition.
pub const TRANSITION_ITEMS_MAX: usize = 32;
/// Milliseconds before an item of a checklist is due in which the stafettholder is told.
pub const TRANSITION_AHEAD_MS: u64 = 14 * crate::time::DAY;
/// Milliseconds after the start in which whoever gave the baton on may work with the case: half a year.
pub const TRANSITION_OVERLAP_MS_MAX: u64 = 184 * crate::time::DAY;
/// Milliseconds that whoever gave the baton on in a transition works with the case at the most, however
/// its days are changed: a school year.
pub const OVERLAP_AFTER_BATON_MS_MAX: u64 = 366 * crate::time::DAY;

/// Milliseconds for which an emergency opening (nødåpning) reads one case.
pub const EMERGENCY_OPENING_MS: u64 = 30 * crate::time::MINUTE;
/// Milliseconds in which somebody looks into an emergency opening; after that it is late.
pub const EMERGENCY_REVIEW_MS: u64 = 7 * crate::time::DAY;
/// Characters of the reason for an emergency opening at the least.
pub const EMERGENCY_REASON_CHARACTERS_MIN: usize = 20;
/// Characters of the reason for an emergency opening at the most.
pub const EMERGENCY_REASON_CHARACTERS_MAX: usize = 500;
/// Characters of what was found on looking into an emergency opening, at the least.
pub const EMERGENCY_FINDING_CHARACTERS_MIN: usize = 10;
/// Characters of what was found on looking into an emergency opening, at the most.
pub const EMERGENCY_FINDING_CHARACTERS_MAX: usize = 500;

/// Milliseconds for which a case may be taken over once it was offered: 7 days.
pub const SUCCESSION_OFFER_MS: u64 = 7 * crate::time::DAY;
/// Milliseconds for which a move may stand accepted and not carried out: 60 days.
pub const SUCCESSION_OPEN_MS: u64 = 60 * crate::time::DAY;
/// Bytes of the sealed package of a case that moves: 32 MiB.
pub const PACKAGE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Entries of one package; the new owner writes all of them in one transaction.
pub const PACKAGE_ENTRIES_MAX: usize = 5_000;
/// Bytes of one entry of a package. It fits one change, of [`CHANGE_BYTES_MAX`] bytes at the most, and
/// as JSON no character that it may hold takes more than twice its bytes; so this is twice what is used.
pub const PACKAGE_ENTRY_BYTES_MAX: usize = 4 * CHANGE_BYTES_MAX;
/// Relations between the entries of one package.
pub const PACKAGE_RELATIONS_MAX: usize = 2 * PACKAGE_ENTRIES_MAX;
/// Bytes of one part of a sealed package; with its place it fits a frame.
pub const PACKAGE_PART_BYTES: usize = 192 * 1024;
/// Milliseconds after which the stafettholder is told that nobody has answered a package for the hand.
pub const HAND_ANSWER_MS: u64 = 14 * crate::time::DAY;

/// So long the stafettholder is reminded that a package for the hand was taken back.
pub const HAND_TOLD_MS: u64 = 14 * crate::time::DAY;
/// Bytes of the reference of a letter in the municipality's archive.
pub const ARCHIVE_REFERENCE_BYTES_MAX: usize = 200;
/// Milliseconds before a package that did not open, or could not be written, is opened again.
pub const PACKAGE_OPENING_RETRY_MS: u64 = 60_000;
/// Frames that may wait in the transport when a part of a package is read to be sent.
pub const PACKAGE_PARTS_WAITING_MAX: usize = 16;
/// Milliseconds after which what nobody has answered of a move is said again: 15 minutes.
pub const MOVE_REPEAT_MS: u64 = 15 * crate::time::MINUTE;
/// Milliseconds between two answers to what is settled of one move.
pub const MOVE_ANSWER_INTERVAL_MS: u64 = 1_000;
/// Milliseconds after which a part that did not come is wanted again.
pub const PACKAGE_WANT_REPEAT_MS: u64 = 30_000;
/// Offers of one partner that wait or are under way.
pub const SUCCESSIONS_OPEN_MAX: usize = 64;
/// Moves that one partner may offer here within a day.
pub const SUCCESSIONS_A_DAY_MAX: usize = 128;
/// Moves of one partner that are remembered.
pub const SUCCESSIONS_KEPT_MAX: usize = 100_000;
/// Services of the other municipality that an offer of a case names at the most.
pub const MOVING_SERVICES_MAX: usize = 8;
/// Milliseconds after which the old stafettholder is told that the new owner has not said that it opened a
/// case.
pub const MOVE_CONFIRMED_MS: u64 = crate::time::DAY;
/// Days that a consent to a move counts at the longest: whoever moves later is asked again.
pub const MOVE_CONSENT_DAYS_MAX: u64 = 90;
/// Bytes of what a consent is for, as the family was told.
pub const PURPOSE_BYTES_MAX: usize = 2_000;
