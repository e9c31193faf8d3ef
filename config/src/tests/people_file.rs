//! `people.toml`, whose refusals repeat nothing that it holds.

use stafett_protocol::person::Role;

use super::support::{Folder, people_refusal, replaced};
use crate::people::{ROLES, RoleWord, word};
use crate::value::FromValue;

const PEOPLE: &str = r#"[[person]]
id = "6f1d2c7e-9d0b-4a57-8a35-0c1f1e8f4b11"
name = "Marte Lund"
service = "school"
roles = ["employee", "unit-leader"]
unit = "Sakshaug skole"

[[person]]
id = "d7a6f9e3-1c27-4a0c-8f44-3d5d2f0b7e44"
name = "Sara Lien"
roles = ["guardian"]
person = "3c9f6f0e-5d60-4a5b-9d2a-9e1f7c1b8f55"
"#;

#[test]
fn people_are_found_by_account_and_by_role() {
    let people = Folder::new().write("people.toml", PEOPLE).people().expect("a right file");

    let account = "6f1d2c7e-9d0b-4a57-8a35-0c1f1e8f4b11".parse().expect("a UUID");
    let employee = people.get(account).expect("listed");
    assert_eq!(employee.service.as_ref().map(|code| code.as_str()), Some("school"));
    assert_eq!(employee.unit.as_deref(), Some("Sakshaug skole"));
    let guardians: Vec<_> = people.with_role(Role::Guardian).collect();
    assert_eq!(guardians.len(), 1);
    assert!(guardians.iter().all(|guardian| guardian.person.is_some() && guardian.service.is_none()));
}

#[test]
fn second_person_with_one_id_is_refused() {
    let text = PEOPLE.replace("d7a6f9e3-1c27-4a0c-8f44-3d5d2f0b7e44", "6f1d2c7e-9d0b-4a57-8a35-0c1f1e8f4b11");

    assert_eq!(
        people_refusal(&text),
        "people.toml:9:6: person.id: expected each id once, found an id that stands above"
    );
}

#[test]
fn unknown_role_is_refused_and_not_repeated() {
    assert_eq!(
        people_refusal(&replaced(PEOPLE, "\"unit-leader\"", "\"Marte Lund\"")),
        "people.toml:5:22: person.roles: expected employee, unit-leader, service-leader, bti-coordinator, archive, \
         it-operator, data-protection-officer, guardian or subject, found a text of 10 characters, not shown"
    );
}

#[test]
fn unknown_key_is_refused_and_not_repeated() {
    assert_eq!(
        people_refusal(&replaced(PEOPLE, "unit = ", "Lund = ")),
        "people.toml:6:1: person: expected one of id, name, service, roles, unit, person, \
         staff_login, family_login, found an unknown key"
    );
    assert_eq!(
        people_refusal(&format!("Lund = 1\n{PEOPLE}")),
        "people.toml:1:1: file: expected one of person, found an unknown key"
    );
}

#[test]
fn every_refusal_is_silent_about_persons() {
    let secret = "Tordenskjold";
    let quoted = format!("\"{secret}\"");
    let mut texts = vec![
        PEOPLE.replacen("[[person]]", &format!("[[{secret}]]"), 1),
        PEOPLE.replacen("name = \"Marte Lund\"", &format!("name = {secret}"), 1),
        PEOPLE.replacen("name = \"Marte Lund\"", &format!("name = \"{secret}"), 1),
        PEOPLE.replacen("name = \"Marte Lund\"", &format!("name = \"{secret}\\n\""), 1),
        PEOPLE.replacen("name = \"Marte Lund\"", &format!("name = \"a\"\nname = {quoted}"), 1),
        PEOPLE.replacen("name = \"Marte Lund\"", &format!("{secret} = 1\n{secret} = 2"), 1),
        format!("person = {quoted}"),
        format!("person = [{quoted}]"),
    ];
    for key in ["id", "service", "roles", "person"] {
        let line =
            PEOPLE.lines().find(|line| line.starts_with(&format!("{key} = "))).expect("a key of the file");
        texts.push(PEOPLE.replacen(line, &format!("{key} = {quoted}"), 1));
        texts.push(PEOPLE.replacen(line, &format!("{key} = [{quoted}]"), 1));
        texts.push(PEOPLE.replacen(line, &format!("{key} = {{ {secret} = {quoted} }}"), 1));
    }
    for text in texts {
        assert!(text.contains(secret));

        let message = people_refusal(&text);

        assert!(!message.contains(secret), "{message}");
        assert!(message.starts_with("people.toml:"), "{message}");
    }
}

#[test]
fn debug_text_shows_no_name() {
    let people = Folder::new().write("people.toml", PEOPLE).people().expect("a right file");

    let shown = format!("{people:?}");

    assert!(shown.contains("6f1d2c7e-9d0b-4a57-8a35-0c1f1e8f4b11"));
    assert!(!shown.contains("Lund") && !shown.contains("Sakshaug"), "{shown}");
}

#[test]
fn person_without_a_role_is_refused() {
    for roles in ["roles = []\n", ""] {
        assert_eq!(
            people_refusal(&replaced(PEOPLE, "roles = [\"guardian\"]\n", roles)),
            "people.toml:8:1: person.roles: expected at least one role, found nothing"
        );
    }
}

#[test]
fn role_that_stands_twice_is_refused() {
    assert_eq!(
        people_refusal(&replaced(PEOPLE, "\"unit-leader\"", "\"employee\"")),
        "people.toml:5:22: person.roles: expected each role once, found a role that stands before"
    );
}

#[test]
fn employee_without_a_service_is_refused() {
    assert_eq!(
        people_refusal(&replaced(PEOPLE, "service = \"school\"\n", "")),
        "people.toml:1:1: person.service: expected the service that an employee or leader works in, found nothing"
    );
}

#[test]
fn service_that_the_node_does_not_have_is_refused() {
    assert_eq!(
        people_refusal(&replaced(PEOPLE, "\"school\"", "\"nav\"")),
        "people.toml:4:11: person.service: expected a service of the node's own settings, \
         found \"nav\""
    );
}

#[test]
fn service_or_unit_of_a_family_is_refused() {
    assert_eq!(
        people_refusal(&format!("{PEOPLE}service = \"school\"\n")),
        "people.toml:13:11: person.service: expected no service without the role of employee or leader, \
         found a service"
    );
    assert_eq!(
        people_refusal(&format!("{PEOPLE}unit = \"1B\"\n")),
        "people.toml:13:8: person.unit: expected no unit without a service, found a unit"
    );
}

#[test]
fn person_of_a_case_is_one_account_and_of_a_family() {
    let second = "[[person]]\nid = \"0a9b7d56-6f53-4bd0-9f0e-7b0f3cf1c233\"\nname = \"Nils Lien\"\n\
                  roles = [\"subject\"]\nperson = \"3c9f6f0e-5d60-4a5b-9d2a-9e1f7c1b8f55\"\n";

    assert_eq!(
        people_refusal(&format!("{PEOPLE}{second}")),
        "people.toml:17:10: person.person: expected each person of a case once, found one that stands above"
    );
    assert_eq!(
        people_refusal(&replaced(PEOPLE, "[\"guardian\"]", "[\"archive\"]")),
        "people.toml:12:10: person.person: expected no person of a case without the role of guardian or subject, \
         found one"
    );
}

#[test]
fn file_without_people_is_allowed_and_an_absent_one_is_not() {
    assert!(Folder::new().write("people.toml", "").people().expect("an empty file").is_empty());
    let folder = Folder::new();

    let refused = folder.people();

    assert_eq!(
        folder.message(refused),
        "people.toml: expected a readable file, found: No such file or directory (os error 2)"
    );
}

#[test]
fn every_role_has_the_word_that_it_has_in_json_and_is_offered() {
    let offered: Vec<_> = RoleWord::EXPECTED.split([',', ' ']).filter(|part| !part.is_empty()).collect();

    for role in ROLES {
        let serialised = toml::Value::try_from(role).expect("a word");
        assert_eq!(serialised.as_str(), Some(word(role)));
        assert!(offered.contains(&word(role)), "{role:?}");
    }
}

#[test]
fn login_stands_once_and_only_where_its_role_logs_in() {
    let one = "[[person]]\nid = \"6f1d2c7e-9d0b-4a57-8a35-0c1f1e8f4b11\"\nname = \"Marte Lund\"\nroles = [\"archive\"]\n\
               staff_login = \"KANARI\"\n";
    let other = one.replace("4b11", "4b12").replace("Marte Lund", "Tor Bakken");
    let guardian = one.replace("archive", "guardian");

    let people = Folder::new().write("people.toml", one).people().expect("a right file");
    assert_eq!(people.iter().next().and_then(|person| person.staff_login.as_deref()), Some("KANARI"));
    for (text, expected) in [
        (
            format!("{one}{other}"),
            "person.staff_login: expected each login once, found one that stands above",
        ),
        (
            guardian.clone(),
            "person.staff_login: expected a login only of those who have a role there, found one",
        ),
    ] {
        let message = people_refusal(&text);
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("KANARI"), "{message}");
    }
    let family = guardian.replace("staff_login", "family_login");
    assert!(Folder::new().write("people.toml", &family).people().is_ok());
}
