//! The fields of forms: what was written stays, and what is wrong stands beside it.

use askama::Template;

use super::support::Node;
use crate::web::form::Form;
use crate::web::pages::Frame;
use crate::web::pages::language::Chosen;
use crate::web::texts::Text;
use stafett_config::Language;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% import "form.html" as forms %}{{ forms::errors(frame, form) }}
{{ forms::text(form, "title", "Tittel", "Kort") }}{{ forms::date(form, "day", "Dag", "") }}
{{ forms::area(form, "words", 5, "Tekst", "") }}{{ forms::choose(form, "kind", "Hva", "", choices) }}
{{ forms::tick(form, "area", "Område", "", choices) }}{{ forms::select(form, "who", "Hvem", "", choices) }}"#
)]
struct FormPage<'a> {
    frame: Frame<'a>,
    form: Form,
    choices: Vec<(String, String)>,
}

async fn rendered(form: Form) -> String {
    let node = Node::start().await;
    let chosen = Chosen { language: Language::Nb, by_query: false };
    let choices =
        [("a", "Én"), ("b", "To")].map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    let frame = Frame::bare(node.engine.config(), chosen, String::new());
    FormPage { frame, form, choices }.render().expect("a page")
}

#[tokio::test]
async fn what_was_written_is_still_there_and_is_text() {
    let form = Form::new().put("title", "<b>\"'").put("words", "\n<i>").put("area", "b").put("kind", "a");
    let page = rendered(form.put("who", "b")).await;

    assert!(page.contains("name=\"title\" value=\"&#60;b&#62;&#34;&#39;\""), "{page}");
    assert!(page.contains("&#60;i&#62;</textarea>"), "{page}");
    assert!(page.contains("type=\"checkbox\" id=\"area-b\" name=\"area\" value=\"b\" checked"), "{page}");
    assert!(page.contains("type=\"radio\" id=\"kind-a\" name=\"kind\" value=\"a\" checked"), "{page}");
    assert!(page.contains("<option value=\"b\" selected>To</option>"), "{page}");
    assert_eq!(page.matches(" checked").count(), 2);
    assert!(!page.contains("aria-invalid") && !page.contains("ds-error-summary"), "{page}");
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_in_a_summary_that_leads_there() {
    let mut form = Form::new();
    form.refuse("title", Text::new(Language::Nb, "frame-skip"));
    form.refuse("area", "Velg minst ett");
    let page = rendered(form).await;

    assert!(page.contains(">2 felt må rettes</h2>"), "{page}");
    assert!(page.contains("<a class=\"ds-link\" href=\"#area\">Velg minst ett</a>"), "{page}");
    assert!(page.contains("id=\"title-wrong\">Hopp til innholdet</p>"), "{page}");
    let input = page.split("<input").nth(1).and_then(|rest| rest.split('>').next()).expect("a field");
    assert!(input.contains("aria-invalid=\"true\" aria-describedby=\"title-help title-wrong\""), "{input}");
    assert!(
        page.contains("<fieldset class=\"ds-fieldset\" id=\"area\" tabindex=\"-1\" aria-invalid"),
        "{page}"
    );
    for id in ["title", "area", "title-help", "title-wrong", "area-wrong"] {
        assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}: {page}");
    }
}
