//! What the types of consents are in JSON.

use std::collections::BTreeSet;

use stafett_protocol as protocol;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{
    AccountId, AreaCode, CardField, ConsentId, Cow, EntryId, EntryKind, OrganisationNumber, Service,
    UnixMillis, json, pattern, reference, tagged, text, words,
};

described! {
    /// Which way writing may go, seen from the owner: the service reads, writes, or both.
    Direction => words({
        use protocol::consent::Direction::{Both, Give, Receive};
        [Give, Receive, Both]
    });
    /// What a family is asked: that a stafettlogg is opened, that a service reads, writes or both,
    /// that the stafettlogg is closed, or that another municipality takes over. Only `share` opens
    /// anything to a service.
    ConsentKind => words({
        use protocol::consent::ConsentKind::{Close, OpenLog, Share, Transfer};
        [OpenLog, Share, Close, Transfer]
    });
    /// Whether an organisation is part of the public administration.
    Sector => words([protocol::consent::Sector::Public, protocol::consent::Sector::Private]);
    /// What a consent is in law, as the municipality had set it when the family was asked: a
    /// release from confidentiality (forvaltningsloven § 13 a), a basis for processing, or both.
    LegalCharacter => words({
        use protocol::consent::LegalCharacter::{Both, FvlWaiver, Gdpr};
        [FvlWaiver, Gdpr, Both]
    });
    /// Whether an interpreter helped when the consent was explained.
    Interpreter => words({
        use protocol::consent::Interpreter::{Declined, NotNeeded, Present, Remote};
        [NotNeeded, Present, Remote, Declined]
    });
    /// How a giver took the yes back: by word of mouth or telephone, by letter or message, or in
    /// the product by the giver. Every way counts the same.
    Channel => words({
        use protocol::consent::Channel::{Digital, Oral, Written};
        [Oral, Written, Digital]
    });
    /// For what an entry waits before a service reads it.
    Waiting => words(protocol::access::waiting::Waiting::ALL);
    /// What a consent is for, from the municipality's list.
    PurposeCode => pattern("^[a-z0-9-]{1,32}$", "assessment");
    /// A language as in BCP 47, in lower case.
    LanguageTag => pattern("^[a-z0-9-]{1,32}$", "nb");
    /// A SHA-256, 64 hexadecimal digits.
    Sha256 => pattern("^[0-9a-fA-F]{64}$", "4fd2c1a0b7e69385d41c0f2e8a97b65d30e1f4c8a25b7d960c83e1f7a4d5b2c6");

    /// How a giver said yes.
    Evidence => tagged("kind", [
        ("paper", "On paper.", vec![(
            "scan_sha256",
            text().description(Some("SHA-256 of the scan, 64 hexadecimal digits.")).build().into(),
        )]),
        ("filed", "On paper that is filed.", vec![(
            "reference",
            text()
                .description(Some("Where it is filed: one line of 1 to 200 bytes."))
                .examples([json!("27/00123-4")])
                .build()
                .into(),
        )]),
        ("oral", "Orally, and written down by whoever heard it.", vec![]),
        ("electronic-id", "With an electronic identity.", vec![(
            "assurance",
            text()
                .description(Some("The level of assurance, as the provider names it."))
                .examples([json!("idporten-loa-high")])
                .build()
                .into(),
        )]),
    ]);
    /// Whether the child was told and heard before the consent.
    ChildHeard => tagged("heard", [
        ("not-asked", "Nobody has asked the child.", vec![]),
        ("yes", "The child was heard.", vec![
            ("how", words({
                use protocol::consent::HeardBy::{Another, Conversation, Drawing, Form};
                [Conversation, Drawing, Form, Another]
            }).description(Some("How the child was heard.")).build().into()),
            ("at", reference::<UnixMillis>()),
            ("by", reference::<AccountId>()),
        ]),
        ("no", "The child did not want to be heard, or could not.", vec![]),
    ]);
    /// How much of a consent was taken back.
    WithdrawnPart => tagged("of", [
        ("whole", "All of it.", vec![]),
        ("areas", "These areas; the others stay open.", vec![(
            "areas",
            ArrayBuilder::new().items(reference::<AreaCode>()).description(Some("Which.")).build().into(),
        )]),
        ("about-self", "What is written about the giver's own person.", vec![]),
    ]);
    /// What is taken back across the consents of a case: everything, what is written about the
    /// giver's own person, what one service may see, or some areas.
    WithdrawnScope => {
        let object = |name: &str, schema: RefOr<Schema>| {
            ObjectBuilder::new()
                .schema_type(Type::Object)
                .property(name, schema)
                .required(name)
                .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        };
        let areas = ArrayBuilder::new().items(reference::<AreaCode>()).description(Some("Which areas."));
        OneOfBuilder::new()
            .item(words(["all", "about-self"]))
            .item(object("service", reference::<Service>()))
            .item(object("areas", areas.build().into()))
    };
}

/// Who answers for what a recipient reads (behandlingsansvarlig).
#[derive(ToSchema)]
pub struct Controller {
    /// The municipality, or the organisation that runs the kindergarten or school.
    pub organisation: OrganisationNumber,
    /// Whether it is public.
    pub sector: Sector,
}

/// One giver's yes.
#[derive(ToSchema)]
pub struct Yes {
    /// When it was said.
    pub at: UnixMillis,
    /// How.
    pub evidence: Evidence,
    /// Whether it is said for the subject; without that it opens only what is about the giver.
    pub for_subject: bool,
    /// Whether the giver also opens what is written about the giver's own person.
    pub about_self: bool,
    /// The language in which it was explained.
    pub language: Option<LanguageTag>,
    /// Whether an interpreter helped.
    pub interpreter: Interpreter,
    /// The colleague who was there too.
    pub witness: Option<AccountId>,
}

/// What a consent opens, to whom and for how long. Fixed when the family is asked.
#[derive(ToSchema)]
pub struct Consent {
    /// Its id; each version has its own.
    pub id: ConsentId,
    /// Counts from 1 along the consents that replace one another.
    pub version: u32,
    /// What the family is asked.
    pub kind: ConsentKind,
    /// Which service may see.
    pub recipient: Service,
    /// Who answers for what the recipient reads.
    pub controller: Controller,
    /// The areas it opens; an entry is covered if all its areas are among them.
    pub areas: BTreeSet<AreaCode>,
    /// The kinds of entry it opens.
    pub kinds: BTreeSet<EntryKind>,
    /// Entries that stay closed all the same.
    pub exceptions: BTreeSet<EntryId>,
    /// What the family said must not be shared, in words, for whoever writes.
    pub reservations: Option<String>,
    /// The fields of the case card that it opens.
    pub card_fields: BTreeSet<CardField>,
    /// Which way writing goes.
    pub direction: Direction,
    /// What it is for, as the family was told.
    pub purpose: String,
    /// What it is for, from the municipality's list.
    pub purpose_code: Option<PurposeCode>,
    /// What it is in law.
    pub legal_character: LegalCharacter,
    /// The language of the form.
    pub language: Option<LanguageTag>,
    /// The SHA-256 of the form's text.
    pub text_sha256: Option<Sha256>,
    /// Whether the child was heard.
    pub child_heard: ChildHeard,
    /// The first millisecond on which it counts.
    pub from: UnixMillis,
    /// The first millisecond on which it no longer counts.
    pub until: UnixMillis,
    /// When the family and the stafettholder look at it again.
    pub review_at: Option<UnixMillis>,
    /// The consent that this one replaces, once it is valid.
    pub supersedes: Option<ConsentId>,
}
