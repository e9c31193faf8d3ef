//! What the protocol's types are in JSON. These types only describe; nothing makes one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use stafett_protocol as protocol;
use stafett_protocol::entry::schema::{FieldType, LEVEL_MAX};
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat,
    SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! described {
    ($($(#[doc = $doc:literal])+ $name:ident => $schema:expr;)+) => {$(
        $(#[doc = $doc])+
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let description = concat!($($doc, "\n"),+).trim().replace("\n ", "\n");
                RefOr::T(Schema::from($schema.description(Some(description)).build()))
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+};
}

// Behind the macro, so that the module sees it.
mod consent;

pub use consent::{
    Channel, ChildHeard, Consent, ConsentKind, Controller, Direction, Evidence, Interpreter, LanguageTag,
    LegalCharacter, PurposeCode, Sector, Sha256, Waiting, WithdrawnPart, WithdrawnScope, Yes,
};

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn id() -> ObjectBuilder {
    text()
        .format(Some(SchemaFormat::Custom("uuid".to_owned())))
        .examples([json!("5f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05")])
}

fn pattern(pattern: &str, example: &str) -> ObjectBuilder {
    text().pattern(Some(pattern)).examples([json!(example)])
}

/// The words come from the values themselves, so their spelling cannot differ.
fn words<T: serde::Serialize>(values: impl IntoIterator<Item = T>) -> ObjectBuilder {
    text().enum_values(Some(values.into_iter().map(|value| serde_json::to_value(value).unwrap_or_default())))
}

fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

described! {
    /// A case (sak). Random.
    CaseId => id();
    /// An entry (oppføring). Random.
    EntryId => id();
    /// A generation of an entry: one document. Random.
    GenerationId => id();
    /// A version of a consent (samtykke). Random.
    ConsentId => id();
    /// A grant (deling) to a partner. Random.
    GrantId => id();
    /// An emergency opening (nødåpning) of a case. Random.
    EmergencyOpeningId => id();
    /// An order to erase. Random.
    OrderId => id();
    /// An entry that a partner proposed to the owner. Random.
    ProposalId => id();
    /// A person of a case: the subject, a guardian, another. Random.
    PersonId => id();
    /// A person with access to this node. Random.
    AccountId => id();
    /// A row of the disclosure log. Random.
    DisclosureId => id();
    /// An offer of the baton. Random.
    BatonOfferId => id();
    /// A move (flytting) of a case to another municipality. Random.
    SuccessionId => id();
    /// A package for the hand. Random.
    PackageId => id();
    /// A file with a package for the hand that was taken in here.
    HandArrivalId => id();
    /// A transition (overgang) within the municipality. Random.
    TransitionId => id();

    /// A moment, in milliseconds since 1970-01-01T00:00:00Z.
    UnixMillis => ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(0))
        .examples([json!(1_790_812_800_000_u64)]);
    /// An organisation number (organisasjonsnummer), nine digits with a check digit. It also names
    /// the node of a municipality.
    OrganisationNumber => pattern("^[0-9]{9}$", "310000000");
    /// A national identity number (fødselsnummer), D-number or synthetic number: eleven digits.
    NationalIdentityNumber => pattern("^[0-9]{11}$", "15831250086");
    /// An area of development (utviklingsområde), as the municipality's settings name it.
    AreaCode => pattern("^[a-z0-9-]{1,32}$", "language");
    /// A service (tjeneste) of one organisation, as its settings name it.
    ServiceCode => pattern("^[a-z0-9-]{1,32}$", "ppt");
    /// An item of the checklist of a transition, as the municipality's settings name it.
    ItemCode => pattern("^[a-z0-9-]{1,32}$", "joint-meeting");
    /// How serious a case is (nivå): 0 to 3.
    Level => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(LEVEL_MAX));
    /// A change of an entry's document: SHA-256, 64 hexadecimal digits.
    ChangeHash => text().pattern(Some("^[0-9a-f]{64}$"));
    /// The latest changes of a document, ascending.
    Heads => ArrayBuilder::new().items(reference::<ChangeHash>());

    /// A field of an entry. `EntryKind` says which kind has which field.
    FieldKey => words(protocol::entry::FieldKey::ALL);
    /// A field of the case card.
    CardField => words(protocol::entry::CardField::all());
    /// The value of a field: a flag, a whole number from 0, a text, lines, or records of lines. A
    /// day is `YYYY-MM-DD`, a time of the day `HH:MM`. Text has at most 65,536 bytes, a line 1,024.
    FieldValue => AnyOfBuilder::new()
        .item(ObjectBuilder::new().schema_type(Type::Boolean))
        .item(ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)))
        .item(text())
        .item(ArrayBuilder::new().items(text()))
        .item(ArrayBuilder::new().items(
            ObjectBuilder::new()
                .schema_type(Type::Object)
                .additional_properties(Some(AdditionalProperties::RefOr(text().build().into()))),
        ));
    /// A new value for a field; `null` clears a field that is not required.
    NewValue => AnyOfBuilder::new()
        .item(reference::<FieldValue>())
        .item(ObjectBuilder::new().schema_type(Type::Null));
    /// Whom a case is about.
    SubjectKind => words({
        use protocol::consent::rule::SubjectKind::{Child, Parent, PregnantWoman, Youth};
        [Child, Youth, PregnantWoman, Parent]
    });
    /// What a person is to the subject of a case.
    Capacity => words({
        use protocol::consent::rule::Capacity::{
            AppointedGuardian, ChildWelfareService, FosterParent, GuardianWithParentalResponsibility,
            ParentWithoutParentalResponsibility, Subject,
        };
        [
            Subject,
            GuardianWithParentalResponsibility,
            ParentWithoutParentalResponsibility,
            AppointedGuardian,
            FosterParent,
            ChildWelfareService,
        ]
    });
    /// How an address is protected (folkeregisterloven § 10-4). Under `strictly-confidential`
    /// nothing leaves, also not that the case exists.
    AddressProtection => words({
        use protocol::protection::AddressProtection::{Confidential, None, StrictlyConfidential};
        [None, Confidential, StrictlyConfidential]
    });
    /// On what basis an entry is locked instead of erased.
    LockBasis => words({
        use protocol::erasure::LockBasis::{DutyToKeep, OwnWriting};
        [OwnWriting, DutyToKeep]
    });

    /// Whom an entry is about: the subject, one guardian, a sibling or another.
    About => {
        use protocol::entry::About::{Other, Sibling, Subject};
        let guardian = ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("guardian", reference::<PersonId>())
            .required("guardian")
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        OneOfBuilder::new().item(words([Subject, Sibling, Other])).item(guardian)
    };
    /// Who is stafettholder: an account, or somebody of a service at a partner.
    Holder => {
        let there = ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("offer", reference::<BatonOfferId>())
            .required("offer")
            .property("service", reference::<Service>())
            .required("service")
            .property("account", reference::<AccountId>())
            .required("account")
            .property("name", text().description(Some("The name, as the partner says it.")))
            .required("name")
            .property("before", reference::<AccountId>())
            .required("before");
        OneOfBuilder::new().item(reference::<AccountId>()).item(there)
    };
    /// To whom the baton is offered: an account, or a service at a partner.
    Offered => OneOfBuilder::new().item(reference::<AccountId>()).item(reference::<Service>());
    /// What a partner says it did with one entry of an order.
    Done => tagged("done", [
        ("erased", "It was erased, or was not there.", vec![]),
        ("locked", "It is hidden and kept.", vec![("basis", reference::<LockBasis>())]),
        ("kept-for-another-service", "Another of the partner's services still has a grant for it.", vec![]),
    ]);
    /// A registration of the family that a leader approves or rejects. Random.
    RegistrationId => id();
    /// Full years of age, 1 to 18.
    Age => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(18));
    /// What is to be done: receipts that are missing, the protection of the address, registrations
    /// that wait, birthdays at which somebody else is asked, what a consent needs, and what a transition
    /// waits for.
    TaskKind => words(protocol::task::TaskKind::ALL);
    /// How a transition ended.
    TransitionOutcome => words({
        use protocol::transition::Outcome::{Done, GivenUp};
        [Done, GivenUp]
    });
    /// Whom a case is about that may move, as far as the other municipality is told.
    Stage => words({
        use protocol::succession::statement::Stage::{
            BeforeSchool, Expecting, LowerSecondary, Parent, PrimarySchool, UpperSecondary,
        };
        [Expecting, BeforeSchool, PrimarySchool, LowerSecondary, UpperSecondary, Parent]
    });
    /// Why a move came to nothing. The other side is never told.
    EndCause => words({
        use protocol::succession::leaving::EndCause::{
            AgreementOver, Blocked, ConsentOver, Lapsed, NotCarriedOut, Recalled, Restored,
        };
        [Recalled, Lapsed, NotCarriedOut, ConsentOver, Blocked, AgreementOver, Restored]
    });
    /// Something that the new owner must know though the case is its own.
    LateWord => words({
        use protocol::succession::leaving::LateWord::{AddressProtected, ConsentTakenBack};
        [ConsentTakenBack, AddressProtected]
    });
    /// Any JSON.
    Anything => ObjectBuilder::new().schema_type(SchemaType::AnyValue);
}

/// What an entry is, with the fields of each kind as the protocol has them.
pub struct EntryKind;

impl PartialSchema for EntryKind {
    fn schema() -> RefOr<Schema> {
        let kinds = protocol::entry::EntryKind::ALL;
        let fields = kinds.map(|kind| format!("- `{kind}`: {}", fields_of(kind)));
        let description =
            format!("What an entry is, and which fields each kind has.\n\n{}", fields.join("\n"));
        RefOr::T(Schema::from(words(kinds).description(Some(description)).build()))
    }
}

impl ToSchema for EntryKind {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("EntryKind")
    }
}

fn fields_of(kind: protocol::entry::EntryKind) -> String {
    let described = protocol::entry::schema::fields(kind).iter().map(|field| {
        let required = if field.required { ", required" } else { "" };
        format!("`{}` ({}{required})", field.key, of_type(field.of))
    });
    described.collect::<Vec<_>>().join(", ")
}

fn of_type(of: FieldType) -> String {
    let names = |keys: &[protocol::entry::FieldKey]| {
        keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
    };
    match of {
        FieldType::Text => "text".to_owned(),
        FieldType::Line => "line".to_owned(),
        FieldType::Date => "day".to_owned(),
        FieldType::Time => "time of the day".to_owned(),
        FieldType::Flag => "flag".to_owned(),
        FieldType::Number { max } => format!("0 to {max}"),
        FieldType::Lines => "lines".to_owned(),
        FieldType::Choice(codes) => {
            codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(" or ")
        }
        FieldType::Records(keys) => format!("records of {}", names(keys)),
    }
}

/// A word, what it means, and the properties that come with it.
type Variant<'a> = (&'a str, &'a str, Vec<(&'a str, RefOr<Schema>)>);

/// An object whose property `tag` says which further properties it has.
fn tagged<const N: usize>(tag: &str, variants: [Variant<'_>; N]) -> OneOfBuilder {
    variants.into_iter().fold(OneOfBuilder::new(), |one_of, (word, description, properties)| {
        let object = ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some(description))
            .property(tag, text().enum_values(Some([Value::from(word)])))
            .required(tag);
        one_of.item(
            properties
                .into_iter()
                .fold(object, |object, (name, schema)| object.property(name, schema).required(name)),
        )
    })
}

/// A service of a municipality, or a private kindergarten or school; never a person.
#[derive(ToSchema)]
pub struct Service {
    /// The organisation whose node hosts the service.
    pub host: OrganisationNumber,
    /// Which of its services.
    pub code: ServiceCode,
}

/// Who is stafettholder, and to whom the baton is offered.
#[derive(ToSchema)]
pub struct Baton {
    /// The stafettholder.
    pub holder: Holder,
    /// Since when.
    pub since: UnixMillis,
    /// An offer that has no answer yet.
    pub offer: Option<BatonOffer>,
    /// Whether the stafettholder only acts: the one before has left, and nobody has taken it since.
    pub is_acting: bool,
}

/// An offer of the baton.
#[derive(ToSchema)]
pub struct BatonOffer {
    /// Its id.
    pub id: BatonOfferId,
    /// To whom.
    pub to: Offered,
    /// The first millisecond on which it can no longer be accepted.
    pub lapses_at: UnixMillis,
}

/// What a reader sees of an entry. Empty fields are left out.
#[derive(ToSchema)]
pub struct EntryView {
    /// The present values; of a field in conflict, the one that all nodes show first.
    pub fields: BTreeMap<FieldKey, FieldValue>,
    /// Fields with different concurrent values: all of them. Left out if there are none.
    #[schema(nullable = false)]
    pub conflicts: Option<BTreeMap<FieldKey, Vec<FieldValue>>>,
}
