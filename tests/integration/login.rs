//! People log in at a real provider, over real sockets, and what is not theirs is refused.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, ensure};
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use reqwest::{Client, Response, header};
use serde_json::{Value, json};
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::folder::{Made, make};
use stafett_tests::real::node::RunningNode;
use stafett_tests::real::provider::RunningProvider;

const TEACHER: &str = "marte@kommune.example";

/// A browser: keeps cookies for each origin, follows nothing by itself.
struct Browser {
    http: Client,
    cookies: BTreeMap<(String, String), String>,
}

impl Browser {
    fn new() -> anyhow::Result<Self> {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
        Ok(Self { http, cookies: BTreeMap::new() })
    }

    async fn get(&mut self, address: &str) -> anyhow::Result<Response> {
        self.send(self.http.get(address), address).await
    }

    async fn post(&mut self, address: &str) -> anyhow::Result<Response> {
        let kind = "application/x-www-form-urlencoded";
        let request = self.http.post(address).header("sec-fetch-site", "same-origin");
        self.send(request.header(header::CONTENT_TYPE, kind), address).await
    }

    async fn send(&mut self, request: reqwest::RequestBuilder, address: &str) -> anyhow::Result<Response> {
        let origin: String = address.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let own = self.cookies.iter().filter(|((of, _), _)| *of == origin);
        let pairs: Vec<_> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        let request = request.header(header::ACCEPT, "text/html").header(header::COOKIE, pairs.join("; "));
        let answer = request.send().await?;
        for set in answer.headers().get_all(header::SET_COOKIE) {
            let pair = set.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie")?;
            self.cookies.insert((origin.clone(), name.to_owned()), value.to_owned());
        }
        Ok(answer)
    }

    /// Goes where it is sent until somebody answers, or until an address begins with `stop`.
    async fn follow(&mut self, from: &str, stop: &str) -> anyhow::Result<(String, Option<Response>)> {
        let mut address = from.to_owned();
        for _ in 0..12 {
            if address.starts_with(stop) {
                return Ok((address, None));
            }
            let answer = self.get(&address).await?;
            let Some(to) = answer.headers().get(header::LOCATION) else {
                return Ok((address, Some(answer)));
            };
            let to = to.to_str()?;
            address = if to.starts_with('/') {
                address.splitn(4, '/').take(3).collect::<Vec<_>>().join("/") + to
            } else {
                to.to_owned()
            };
        }
        anyhow::bail!("sent on and on, last to {address}")
    }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A node whose staff log in at a provider of their own.
struct Town {
    node: RunningNode,
    provider: RunningProvider,
    made: Made,
    _root: tempfile::TempDir,
}

impl Town {
    /// `proof` makes the client of the node at the provider and writes the node's side of it.
    async fn start(proof: Proof, settings: &str, provider: Value) -> anyhow::Result<Self> {
        let root = tempfile::tempdir()?;
        let made = make(root.path(), Place::Inderoy, &[]).await?;
        let (web, port) = (free_port()?, free_port()?);
        let mut client = json!({
            "client_id": "stafett",
            "redirect_uris": [format!("http://127.0.0.1:{web}/login/staff/return")],
            "post_logout_redirect_uris": [format!("http://127.0.0.1:{web}/")],
            "response_types": ["code"],
            "grant_types": ["authorization_code"],
        });
        let method = proof.write(&made.folder, &mut client)?;
        let mut provider = provider;
        provider["client"] = client;
        let provider = RunningProvider::start(port, provider).await?;
        let file = made.folder.join("stafett.toml");
        let login = format!(
            "\n[login]\npublic_url = \"http://127.0.0.1:{web}\"\n[login.oidc.staff]\nname = \"Konto\"\n\
             issuer = \"{}\"\nclient_id = \"stafett\"\nclient_file = \"login.pem\"\n{method}{settings}",
            provider.issuer
        );
        std::fs::write(&file, std::fs::read_to_string(&file)? + &login)?;
        let people = made.folder.join("people.toml");
        let id = made.accounts.get(&Who::Marte).context("a teacher")?;
        let text = std::fs::read_to_string(&people)?;
        let line = format!("id = \"{id}\"\n");
        ensure!(text.contains(&line), "the teacher has access");
        std::fs::write(&people, text.replace(&line, &format!("{line}staff_login = \"{TEACHER}\"\n")))?;
        let node = RunningNode::start_at(&made.folder, ([127, 0, 0, 1], web).into()).await?;
        Ok(Self { node, provider, made, _root: root })
    }

    fn page(&self, path: &str) -> String {
        format!("{}{path}", self.node.web)
    }

    /// Goes to the provider and comes as far as the address to come back to.
    async fn come_to_the_door(&self, browser: &mut Browser) -> anyhow::Result<String> {
        let back = self.page("/login/staff/return");
        let (address, answer) = browser.follow(&self.page("/login/staff/start?to=%2Flogin"), &back).await?;
        if let Some(answer) = answer {
            anyhow::bail!("{address}: {}: {}", answer.status(), answer.text().await?);
        }
        Ok(address)
    }

    async fn is_in(&self, browser: &mut Browser) -> anyhow::Result<bool> {
        Ok(browser.get(&self.page("/login")).await?.text().await?.contains("action=\"/logout\""))
    }

    /// Comes back to an address and is refused.
    async fn is_refused(&self, browser: &mut Browser, address: &str) -> anyhow::Result<()> {
        let answer = browser.get(address).await?;
        ensure!(answer.status().as_u16() == 403, "{}", answer.status());
        let page = answer.text().await?;
        ensure!(
            page.contains("Innloggingen ble ikke fullført") && !page.contains("action=\"/logout\""),
            "{page}"
        );
        ensure!(!self.is_in(browser).await?, "nobody is logged in");
        Ok(())
    }
}

/// How the node proves which client it is.
enum Proof {
    Secret,
    Key,
}

impl Proof {
    fn write(self, folder: &Path, client: &mut Value) -> anyhow::Result<&'static str> {
        let (text, method) = match self {
            Self::Secret => {
                client["client_secret"] = "a secret: of + the & client".into();
                client["token_endpoint_auth_method"] = "client_secret_basic".into();
                ("a secret: of + the & client\n".to_owned(), "client_method = \"client_secret_basic\"\n")
            }
            Self::Key => {
                let pem = rcgen::KeyPair::generate()?.serialize_pem();
                let key = EncodingKey::from_ec_pem(pem.as_bytes())?;
                let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
                public.common.key_id = Some("2026-1".to_owned());
                client["jwks"] = json!({ "keys": [public] });
                client["token_endpoint_auth_method"] = "private_key_jwt".into();
                client["token_endpoint_auth_signing_alg"] = "ES256".into();
                (pem, "client_key_id = \"2026-1\"\n")
            }
        };
        let file = folder.join("login.pem");
        std::fs::write(&file, text)?;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
        Ok(method)
    }
}

fn provider() -> Value {
    json!({ "par": true, "acr": "level-2", "roles": ["employee", "archive"] })
}

#[tokio::test(flavor = "multi_thread")]
async fn teacher_logs_in_at_the_provider_and_out_of_both() -> anyhow::Result<()> {
    let settings = "acr_values = [\"level-2\"]\nroles_claim = \"roles\"\n";
    let town = Town::start(Proof::Key, settings, provider()).await?;
    town.provider.be(TEACHER).await?;
    let mut browser = Browser::new()?;

    let (address, answer) = browser.follow(&town.page("/login/staff/start?to=%2Flogin"), "-").await?;
    ensure!(address == town.page("/login"), "back where it began: {address}");
    let page = answer.context("a page")?.text().await?;
    ensure!(page.contains("<p>Marte, ansatt</p>"), "{page}");
    ensure!(page.contains("Du er logget inn."), "{page}");

    let answer = browser.post(&town.page("/logout")).await?;
    let refresh = answer.headers().get("refresh").context("a way on")?.to_str()?.to_owned();
    ensure!(refresh.starts_with(&format!("0; url={}/", town.provider.issuer)), "{refresh}");
    ensure!(!refresh.contains("id_token_hint"), "{refresh}");
    ensure!(!town.is_in(&mut browser).await?, "logged out here");
    let there = browser.get(refresh.trim_start_matches("0; url=")).await?;
    ensure!(there.status().is_success(), "the provider knows the way out: {}", there.status());
    let log = std::fs::read_to_string(stafett_tests::real::node::log_of(&town.made.folder))?;
    ensure!(!log.contains(TEACHER), "no log names who logged in");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_counts_once_in_its_own_browser_with_its_own_code() -> anyhow::Result<()> {
    let mut plain = provider();
    plain["par"] = false.into();
    let town = Town::start(Proof::Secret, "", plain).await?;
    town.provider.be(TEACHER).await?;
    let mut browser = Browser::new()?;

    let door = town.come_to_the_door(&mut browser).await?;
    town.is_refused(&mut browser, &door.replace("state=", "state=x")).await?;
    town.is_refused(&mut Browser::new()?, &door).await?;
    // The other browser used the state up.
    town.is_refused(&mut browser, &door).await?;

    let part = |address: &str, name: &str| {
        let after = address.split(&format!("{name}=")).nth(1).unwrap_or_default();
        after.split('&').next().unwrap_or_default().to_owned()
    };
    let stolen = part(&town.come_to_the_door(&mut Browser::new()?).await?, "code");
    let door = town.come_to_the_door(&mut browser).await?;
    let own = part(&door, "code");
    ensure!(!own.is_empty() && own != stolen, "two codes: {door}");
    town.is_refused(&mut browser, &door.replace(&own, &stolen)).await?;

    let door = town.come_to_the_door(&mut browser).await?;
    town.is_refused(&mut browser, &door.replace("iss=http", "iss=https")).await?;

    let door = town.come_to_the_door(&mut browser).await?;
    let (_, answer) = browser.follow(&door, "-").await?;
    ensure!(answer.context("a page")?.status().is_success() && town.is_in(&mut browser).await?, "logged in");
    let again = browser.get(&door).await?;
    ensure!(again.status().as_u16() == 403, "a code counts once: {}", again.status());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_by_a_provider_alone_or_below_the_level() -> anyhow::Result<()> {
    let mut low = provider();
    low["acr"] = "level-1".into();
    low["roles"] = json!(["archive"]);
    let town = Town::start(Proof::Secret, "acr_values = [\"level-2\"]\n", low.clone()).await?;
    town.provider.be(TEACHER).await?;
    let mut browser = Browser::new()?;
    let door = town.come_to_the_door(&mut browser).await?;
    town.is_refused(&mut browser, &door).await?;

    let town = Town::start(Proof::Secret, "", low.clone()).await?;
    town.provider.be("stranger@kommune.example").await?;
    let mut browser = Browser::new()?;
    let door = town.come_to_the_door(&mut browser).await?;
    let answer = browser.get(&door).await?;
    ensure!(answer.status().as_u16() == 403, "{}", answer.status());
    let page = answer.text().await?;
    ensure!(page.contains("Du er ikke lagt inn her") && !page.contains("stranger"), "{page}");
    ensure!(!town.is_in(&mut browser).await?, "a stranger is not let in");

    let town = Town::start(Proof::Secret, "roles_claim = \"roles\"\n", low).await?;
    town.provider.be(TEACHER).await?;
    let mut browser = Browser::new()?;
    let door = town.come_to_the_door(&mut browser).await?;
    let answer = browser.get(&door).await?;
    ensure!(answer.status().as_u16() == 403, "a role that the provider does not give: {}", answer.status());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn person_who_must_prove_anew_who_it_is_does_so_at_the_provider_and_goes_on() -> anyhow::Result<()> {
    let town = Town::start(Proof::Secret, "", provider()).await?;
    town.provider.be(TEACHER).await?;
    let mut browser = Browser::new()?;
    browser.follow(&town.page("/login/staff/start?to=%2Flogin"), "-").await?;
    ensure!(town.is_in(&mut browser).await?, "logged in");

    let again = town.page("/login/staff/start?to=%2Flogin&again=true");
    let (address, answer) = browser.follow(&again, "-").await?;

    ensure!(address == town.page("/login"), "back where it began: {address}");
    let page = answer.context("a page")?.text().await?;
    ensure!(page.contains("Du er logget inn.") && page.contains("<p>Marte, ansatt</p>"), "{page}");
    Ok(())
}
