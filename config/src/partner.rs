//! The partners: one file each, with identity, keys and agreement.

mod address;
mod key;
mod period;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use stafett_protocol::agreement::{Agreement, Moves, Standing};
use stafett_protocol::consent::Controller;
use stafett_protocol::limits;
use stafett_protocol::municipality::{AreaCode, MunicipalityNumber, OrganisationNumber, ServiceCode};

use crate::NodeConfig;
use crate::document::{Document, Located, Visibility};
use crate::error::ConfigError;
use crate::names::Names;
use crate::service::OwnService;
use crate::value::from_words;

pub use address::{AddressError, PartnerAddress};
pub use key::{KeyTextError, SigningPublicKey, TlsFingerprint};
pub(crate) use period::first_moment;
pub use period::{AgreementPeriod, PeriodError};
#[cfg(test)]
pub(crate) use read::{AGREEMENT_KEYS, KEYS, KEYS_KEYS, SERVICE_KEYS};

/// A municipality, or another body, with whose node this one has an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerConfig {
    /// Its organisation number; also the name of its node.
    pub organisation: OrganisationNumber,
    /// Its name as people read it.
    pub name: String,
    /// Its municipality number; a label.
    pub municipality: MunicipalityNumber,
    /// In what form the services are shared.
    pub legal_form: LegalForm,
    /// The controller of what the partner's services keep of their own.
    pub controller: OrganisationNumber,
    /// Where its node listens; without it, the partner dials us.
    pub address: Option<PartnerAddress>,
    /// Whether the operator has revoked its identity: nothing but orders to erase goes out.
    pub revoked: bool,
    /// The keys that prove its node's identity; none if it has no node, and cases only move there by hand.
    pub keys: Option<PartnerKeys>,
    /// What has been agreed.
    pub terms: AgreementTerms,
    /// Its services that may receive from here or take cases over; at least one, each code once.
    pub services: Vec<PartnerService>,
}

/// The form of inter-municipal cooperation (kommuneloven ch. 17–20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegalForm {
    /// Vertskommune: the service is part of the host.
    HostMunicipality,
    /// Interkommunalt selskap (IKS): a legal person of its own.
    Company,
    /// Kommunalt oppgavefellesskap or interkommunalt politisk råd.
    JointBody,
    /// Any other.
    Other,
}

from_words! {
    LegalForm: "host-municipality, company, joint-body or other",
    "host-municipality" => LegalForm::HostMunicipality,
    "company" => LegalForm::Company,
    "joint-body" => LegalForm::JointBody,
    "other" => LegalForm::Other,
}

/// The public keys of a partner's node; during a change both the current and the next hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerKeys {
    /// SHA-256 of the certificate's public key in use.
    pub tls_current: TlsFingerprint,
    /// SHA-256 of the public key that follows.
    pub tls_next: Option<TlsFingerprint>,
    /// The key in use that signs its statements.
    pub signing_current: SigningPublicKey,
    /// The signing key that follows.
    pub signing_next: Option<SigningPublicKey>,
}

impl PartnerKeys {
    /// Returns whether a certificate with this fingerprint proves the partner's identity.
    pub fn accepts_tls(&self, fingerprint: &TlsFingerprint) -> bool {
        self.tls_current == *fingerprint || self.tls_next.as_ref() == Some(fingerprint)
    }

    /// Returns the keys under which the partner's statements are accepted, the current one first.
    pub fn signing(&self) -> impl Iterator<Item = SigningPublicKey> + '_ {
        std::iter::once(self.signing_current).chain(self.signing_next)
    }
}

/// What two municipalities have agreed, beyond whom it is with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementTerms {
    /// The cooperation agreement in the archive.
    pub reference: String,
    /// The processor agreement (databehandleravtale) in the archive, or that none is needed.
    pub processor_agreement: String,
    /// From when until when it holds.
    pub period: AgreementPeriod,
    /// The areas whose entries may cross this link; none where nothing is shared and cases only move.
    pub areas: BTreeSet<AreaCode>,
    /// The areas whose entries may go along when a case moves to the partner.
    pub moving_areas: BTreeSet<AreaCode>,
    /// Whether the partner may offer its cases here.
    pub moving_from: bool,
    /// Our services that may receive from the partner.
    pub our_services: BTreeSet<ServiceCode>,
    /// Entries of the partner that are stored here at the most.
    pub entries_max: u64,
    /// Bytes of the partner that are stored here at the most.
    pub bytes_max: u64,
}

impl AgreementTerms {
    /// The bound on entries of an agreement that names none.
    pub const ENTRIES_MAX_DEFAULT: u64 = limits::PARTNER_ENTRIES_MAX;
    /// The bound on bytes of an agreement that names none.
    pub const BYTES_MAX_DEFAULT: u64 = limits::PARTNER_BYTES_MAX;
}

/// A service of a partner that may receive from here, take cases over, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerService {
    /// Its code at the partner.
    pub code: ServiceCode,
    /// What people call it.
    pub names: Names,
    /// Who answers for what it reads (behandlingsansvarlig).
    pub controller: Controller,
    /// Whether it may receive from here under a grant.
    pub shares: bool,
    /// Whether it may take a case over when a family moves.
    pub takes_over: bool,
}

impl PartnerService {
    /// Describes a node's own service to its partners.
    pub fn of(service: &OwnService, host: OrganisationNumber) -> Self {
        Self {
            code: service.code.clone(),
            names: service.names.clone(),
            controller: service.controller_of(host),
            shares: true,
            takes_over: false,
        }
    }
}

impl PartnerConfig {
    /// Returns the agreement as the gate needs it.
    pub fn agreement(&self) -> Agreement {
        Agreement {
            our_services: self.terms.our_services.iter().cloned().collect(),
            partner: self.organisation,
            services: self.codes(|service| service.shares),
            areas: self.terms.areas.clone(),
            from: self.terms.period.starts_at(),
            until: self.terms.period.ends_at(),
            moves: Moves {
                services: self.codes(|service| service.takes_over),
                areas: self.terms.moving_areas.clone(),
                from_there: self.terms.moving_from,
            },
        }
    }

    /// Returns whether it has no node: nothing goes there over a link.
    pub fn is_by_hand(&self) -> bool {
        self.keys.is_none()
    }

    fn codes(&self, of: impl Fn(&PartnerService) -> bool) -> BTreeSet<ServiceCode> {
        self.services.iter().filter(|service| of(service)).map(|service| service.code.clone()).collect()
    }

    /// Returns the standing that the operator gave the partner.
    pub fn standing(&self) -> Standing {
        if self.revoked { Standing::Revoked } else { Standing::Trusted }
    }

    /// Returns the partner's service with `code`, if the agreement names it.
    pub fn service(&self, code: &ServiceCode) -> Option<&PartnerService> {
        self.services.iter().find(|service| service.code == *code)
    }
}

/// The public keys of this node, which no partner may claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnKeys {
    /// SHA-256 of its certificate's public key.
    pub tls: TlsFingerprint,
    /// The key that signs its statements.
    pub signing: SigningPublicKey,
}

/// All partners, each organisation and each key once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Partners(BTreeMap<OrganisationNumber, PartnerConfig>);

impl Partners {
    /// Reads every `.toml` file of the folder of partners, in the order of their names. Hidden
    /// files and other endings are left alone.
    ///
    /// `own` are this node's keys, if they exist yet.
    ///
    /// # Errors
    /// [`ConfigError`] for the first thing that is wrong in a file or between two files. Nothing is
    /// taken over from the others: a partner table is whole or not at all.
    pub fn load(config: &NodeConfig, own: Option<&OwnKeys>) -> Result<Self, ConfigError> {
        let mut table = Table::new(config, own);
        for path in files(&config.federation.partners)? {
            let document = Document::open(&path, Visibility::Shown)?;
            let partner = document.read(|root| read::partner(&root, config))?;
            table.insert(partner)?;
        }
        Ok(Self(table.partners))
    }

    /// Reads one file by itself, for a check before it joins the others.
    ///
    /// # Errors
    /// As [`Partners::load`], without what can only be wrong between two files.
    pub fn load_one(
        path: &Path,
        config: &NodeConfig,
        own: Option<&OwnKeys>,
    ) -> Result<PartnerConfig, ConfigError> {
        let document = Document::open(path, Visibility::Shown)?;
        let partner = document.read(|root| read::partner(&root, config))?;
        let mut table = Table::new(config, own);
        table.insert(partner.clone())?;
        Ok(partner.config)
    }

    /// Returns the partner, if there is an agreement with it, whether or not it still holds.
    pub fn get(&self, organisation: OrganisationNumber) -> Option<&PartnerConfig> {
        self.0.get(&organisation)
    }

    /// Returns the partner whose certificate has this fingerprint.
    pub fn by_tls(&self, fingerprint: &TlsFingerprint) -> Option<&PartnerConfig> {
        let accepts = |partner: &&PartnerConfig| {
            partner.keys.as_ref().is_some_and(|keys| keys.accepts_tls(fingerprint))
        };
        self.0.values().find(accepts)
    }

    /// Returns the partners by organisation number.
    pub fn iter(&self) -> impl Iterator<Item = &PartnerConfig> {
        self.0.values()
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A partner with the places that a conflict with another file is reported at.
#[derive(Debug, Clone)]
struct LocatedPartner {
    config: PartnerConfig,
    organisation: Located<OrganisationNumber>,
    keys: Vec<Located<[u8; 32]>>,
}

/// The partners read so far, and who holds which key.
struct Table {
    own: OrganisationNumber,
    keys: BTreeMap<[u8; 32], OrganisationNumber>,
    partners: BTreeMap<OrganisationNumber, PartnerConfig>,
}

impl Table {
    fn new(config: &NodeConfig, own: Option<&OwnKeys>) -> Self {
        let organisation = config.node.organisation;
        let keys = own.into_iter().flat_map(|own| [own.tls.bytes(), own.signing.bytes()]);
        Self {
            own: organisation,
            keys: keys.map(|key| (key, organisation)).collect(),
            partners: BTreeMap::new(),
        }
    }

    fn insert(&mut self, partner: LocatedPartner) -> Result<(), ConfigError> {
        let LocatedPartner { config, organisation, keys } = partner;
        if organisation.value == self.own {
            return Err(organisation
                .refuse_found("another organisation than this node's", organisation.value.to_string()));
        }
        if self.partners.contains_key(&organisation.value) {
            return Err(organisation.refuse_found(
                "one file for each partner",
                format!("a second file for {}", organisation.value),
            ));
        }
        for key in keys {
            let holder = self.keys.insert(key.value, organisation.value);
            if let Some(holder) = holder {
                let found = match holder {
                    own if own == self.own => "a key of this node".to_owned(),
                    same if same == organisation.value => "a key that stands in this file twice".to_owned(),
                    other => format!("a key of {other}"),
                };
                return Err(key.refuse_found("a key that nobody else has", found));
            }
        }
        self.partners.insert(organisation.value, config);
        Ok(())
    }
}

/// Lists the files of the folder by name, so that a refusal is the same each time.
fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: folder.to_owned(), what: "folder", source };
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = file.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
