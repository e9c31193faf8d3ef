//! How people log in: secrets that can be read, addresses that lead here, and people whom a provider
//! can name. Nothing is asked of a provider.

use std::net::IpAddr;

use stafett_config::{NodeConfig, OidcConfig, People, Person};
use stafett_node::login::{Audience, Provider};

use super::{Finding, Part};
use crate::cli::print;

pub(super) fn look(config: &NodeConfig, people: &People, findings: &mut Vec<Finding>) {
    let login = &config.login;
    let providers = [(Audience::Staff, &login.staff), (Audience::Family, &login.family)];
    if providers.iter().all(|(_, of)| of.is_none()) && !config.development.demo_login {
        let found = "nobody can log in to the pages; the API takes tokens";
        findings.push(Finding::unknown(Part::Login, "no-login", found));
    }
    for (audience, provider) in providers {
        findings.extend(match provider {
            Some(provider) => of_provider(config, people, audience, provider),
            None => without_provider(people, audience).into_iter().collect(),
        });
    }
    findings.extend(login.public_url.as_deref().and_then(|url| public_address(config, url)));
}

fn of_provider(
    config: &NodeConfig,
    people: &People,
    audience: Audience,
    provider: &OidcConfig,
) -> Vec<Finding> {
    let word = audience.word();
    let public_url = config.login.public_url.as_deref().unwrap_or_default();
    let mut findings = Vec::new();
    match Provider::new(audience, provider, public_url) {
        Ok(_) => {
            let found = format!("{} ({word}) at {}", provider.name, provider.issuer);
            findings.push(Finding::ok(Part::Login, "provider", found));
        }
        Err(error) => {
            let remedy =
                format!("put the file there that login.oidc.{word}.client_file names, or mend the name");
            let found = print::one_line(&error.into());
            findings.push(Finding::problem(Part::Login, "client-file", found, remedy));
        }
    }
    findings.extend(unknown_people(people, audience));
    findings
}

/// People of the audience whom its provider cannot name.
fn unknown_people(people: &People, audience: Audience) -> Option<Finding> {
    let of_audience = |person: &&Person| person.roles.iter().any(|role| audience.has(*role));
    let all = people.iter().filter(of_audience).count();
    let unknown =
        people.iter().filter(of_audience).filter(|person| audience.login_of(person).is_none()).count();
    let word = audience.word();
    let found = format!("{unknown} of {all} people cannot log in: they have no {word}_login");
    let remedy = format!("add {word}_login to each in the file of people, as the provider names them");
    match unknown {
        0 => None,
        _ if unknown == all => Some(Finding::problem(Part::Login, "no-names", found, remedy)),
        _ => Some(Finding::unknown(Part::Login, "no-names", format!("{found}; {remedy}"))),
    }
}

/// People who have a name at a provider that there is not.
fn without_provider(people: &People, audience: Audience) -> Option<Finding> {
    let word = audience.word();
    let named = people.iter().filter(|person| audience.login_of(person).is_some()).count();
    let found = format!("{named} people have a {word}_login, and there is no provider for it");
    let remedy = format!("add [login.oidc.{word}] to the settings, or take {word}_login out");
    (named > 0).then(|| Finding::problem(Part::Login, "no-provider", found, remedy))
}

/// What keeps a browser that comes to the public address from being answered.
fn public_address(config: &NodeConfig, url: &str) -> Option<Finding> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback =
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let (found, remedy) = match (config.web.behind_proxy, scheme) {
        (false, _) if !is_loopback => (
            format!("browsers come to {host}, and the node answers loopback names alone"),
            "set behind_proxy = true under [web] beside a proxy that ends TLS, or mend login.public_url",
        ),
        (false, "https") => (
            "browsers come by https, and the node has no TLS without a proxy in front".to_owned(),
            "set behind_proxy = true under [web] beside a proxy that ends TLS, or mend login.public_url",
        ),
        (true, "http") => (
            "browsers come by http, and behind a proxy sessions are kept for https alone".to_owned(),
            "begin login.public_url with https://, or take behind_proxy out",
        ),
        _ => return None,
    };
    Some(Finding::problem(Part::Login, "public-address", found, remedy))
}
