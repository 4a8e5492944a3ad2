//! The registry's pages: made from the schemas, the examples and the hand-written sections in `reference/`.
//!
//! Pure: texts in, paths and texts out. `tests/reference_in_step.rs` holds `docs/` to them; `make docs` writes it anew.

mod phases;

use std::collections::BTreeMap;

use tfplugin::schema::{Entry, Reference, Section};
use tfplugin::{Attribute, Object, ObjectSchema};

use crate::aws::stack::AwsStack;
use crate::config::ProviderConfig;
use crate::engine::common;
use crate::engine::kind::AnyKind;
use crate::engine::marks::{FreeText, Immutable, Labels, Refers, Volatile};
use crate::google::stack::GoogleStack;
use crate::{aws, google};

/// The examples that the pages show.
#[derive(Clone, Debug, Default)]
pub struct Examples(BTreeMap<&'static str, String>);

impl Examples {
    /// The files that the pages want, below `examples/`.
    pub const FILES: [&'static str; 11] = [
        "provider/provider.tf",
        "resources/mlops_stack/resource.tf",
        "resources/mlops_stack/import.sh",
        "resources/mlops_aws_stack/resource.tf",
        "resources/mlops_aws_stack/import.sh",
        "resources/mlops_phase_checkpoint/resource.tf",
        "resources/mlops_phase_checkpoint/import.sh",
        "data-sources/mlops_phase_report/data-source.tf",
        "functions/duration_seconds/function.tf",
        "functions/parse_phase_checkpoint/function.tf",
        "functions/runbook/function.tf",
    ];

    /// Reads every one of [`Examples::FILES`] with `read`.
    pub fn read(read: impl Fn(&str) -> String) -> Self {
        Self(Self::FILES.into_iter().map(|file| (file, read(file))).collect())
    }

    fn get(&self, file: &str) -> &str {
        self.0.get(file).map_or("", String::as_str)
    }
}

/// One page of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Below `docs/`, with `/` between folders.
    pub path: String,
    /// Markdown with front matter; ends with one newline.
    pub text: String,
}

/// What stands before the attributes on the page of the stack.
const STACK_SECTIONS: [&str; 8] = [
    include_str!("reference/stack.md"),
    include_str!("reference/references.md"),
    include_str!("reference/grants.md"),
    include_str!("reference/labels.md"),
    include_str!("reference/immutable.md"),
    include_str!("reference/deletion.md"),
    include_str!("reference/spellings.md"),
    include_str!("reference/failures.md"),
];
/// The same on the page of AWS's stacks.
const AWS_STACK_SECTIONS: [&str; 4] = [
    include_str!("reference/aws_stack.md"),
    include_str!("reference/aws_tags.md"),
    include_str!("reference/aws_immutable.md"),
    include_str!("reference/aws_deletion.md"),
];
const STACK_IMPORT: &str = include_str!("reference/import.md");
const PROVIDER_SECTIONS: &str = include_str!("reference/provider.md");

const IMMUTABLE: &str =
    "[**Immutable**](#immutable-attributes): a change is refused at plan time unless `allow_replacement = true`.";

/// Every page, in the registry's layout.
pub fn pages(examples: &Examples) -> Vec<Page> {
    let mut pages = vec![provider_page(examples), stack_page(&GOOGLE_PAGE, examples), stack_page(&AWS_PAGE, examples)];
    pages.extend(phases::pages(examples));
    pages
}

fn provider_page(examples: &Examples) -> Page {
    let schema = ProviderConfig::schema();
    let attributes = Reference::of(&schema).to_markdown();
    let parts = [
        front_matter("mlops Provider", &schema.description),
        "# mlops Provider".to_owned(),
        schema.description.to_string(),
        format!(
            "Its resources are [`mlops_stack`](resources/stack.md): a whole environment, with {}; \
             [`mlops_aws_stack`](resources/aws_stack.md): the same on Amazon Web Services; and [`mlops_phase_checkpoint`](resources/phase_checkpoint.md): one phase of a rollout, with criteria that the provider \
             proves. [`mlops_phase_report`](data-sources/phase_report.md) tells how far a rollout is.",
            kind_links()
        ),
        "## Example Usage".to_owned(),
        fenced("terraform", examples.get("provider/provider.tf")),
        PROVIDER_SECTIONS.to_owned(),
        attributes,
    ];
    Page { path: "index.md".to_owned(), text: joined(&parts) }
}

/// What the page of one cloud's stacks is made of.
struct StackPage {
    resource: &'static str,
    path: &'static str,
    schema: fn() -> ObjectSchema,
    kinds: &'static [&'static AnyKind],
    /// What stands before the attributes.
    sections: &'static [&'static str],
    import: &'static str,
    /// The title of the section on labels, and what a kind is said to have.
    labels: &'static str,
}

static GOOGLE_PAGE: StackPage = StackPage {
    resource: "mlops_stack",
    path: "resources/stack.md",
    schema: GoogleStack::schema,
    kinds: google::kinds::KINDS,
    sections: &STACK_SECTIONS,
    import: STACK_IMPORT,
    labels: "Labels",
};

static AWS_PAGE: StackPage = StackPage {
    resource: "mlops_aws_stack",
    path: "resources/aws_stack.md",
    schema: AwsStack::schema,
    kinds: aws::kinds::KINDS,
    sections: &AWS_STACK_SECTIONS,
    import: include_str!("reference/aws_import.md"),
    labels: "Tags",
};

fn stack_page(of: &StackPage, examples: &Examples) -> Page {
    let schema = (of.schema)();
    let sections = Reference::with_notes(&schema, |path, attribute| notes(of, path, attribute)).sections;
    let sections = sections.into_iter().map(tidied).collect::<Vec<_>>();
    let of_kind = |section: &&Section| of.kinds.iter().any(|kind| is_within(section, kind));
    let own: Vec<Section> = sections.iter().filter(|section| !of_kind(section)).cloned().collect();
    let mut parts = vec![
        front_matter(&format!("{} Resource - mlops", of.resource), &schema.description),
        format!("# {} (Resource)", of.resource),
        schema.description.to_string(),
        contents(of),
        "## Example Usage".to_owned(),
        fenced("terraform", examples.get(&format!("resources/{}/resource.tf", of.resource))),
    ];
    parts.extend(of.sections.iter().map(|section| (*section).to_owned()));
    parts.push(Reference { sections: own }.to_markdown());
    for kind in of.kinds {
        parts.push(format!("## `{}`", kind.name()));
        parts.push(kind_facts(of, kind));
        let mine = sections.iter().filter(|section| is_within(section, kind));
        parts.extend(mine.map(|section| nested_section(&schema, section)));
    }
    parts.push(of.import.to_owned());
    parts.push(fenced("shell", examples.get(&format!("resources/{}/import.sh", of.resource))));
    Page { path: of.path.to_owned(), text: joined(&parts) }
}

/// Whether a section is about a kind's components or what is nested in them.
fn is_within(section: &Section, kind: &AnyKind) -> bool {
    section.path.split('.').next() == Some(kind.name())
}

/// The page's table of contents. The links are the slugs that the registry and code hosts give to headings.
fn contents(of: &StackPage) -> String {
    let sections = of.sections.iter().filter_map(|section| section.lines().next()?.strip_prefix("## "));
    let mut lines = vec!["Contents:\n".to_owned()];
    let link = |title: &str| format!("- [{title}](#{})", slug(title));
    lines.extend(["Example Usage"].into_iter().chain(sections).chain(["Schema"]).map(link));
    lines.extend(of.kinds.iter().map(|kind| {
        format!("  - [`{}`](#{}): {}", kind.name(), slug(kind.name()), first_paragraph(&kind.object().description))
    }));
    lines.push(link("Import"));
    lines.join("\n")
}

fn kind_links() -> String {
    let links: Vec<String> = GOOGLE_PAGE
        .kinds
        .iter()
        .map(|kind| format!("[{}](resources/stack.md#{})", kind.name(), slug(kind.name())))
        .collect();
    match links.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// What can be told of a kind without its attributes.
fn kind_facts(of: &StackPage, kind: &AnyKind) -> String {
    let labels = match common::labels(kind.object()) {
        Some((_, Labels { inherit: true, .. })) => format!("yes, see [{0}](#{1})", of.labels, slug(of.labels)),
        Some((attribute, _)) => {
            format!("only those in `{}`: the stack's and the provider's are not merged in", attribute.name)
        }
        None => "none".to_owned(),
    };
    // Where nothing has grants, nobody asks for them.
    let is_granted = of.kinds.iter().any(|kind| kind.has_grants());
    let grants = match (kind.has_grants(), is_granted) {
        (true, _) => "- Grants: yes, see [Grants](#grants)\n",
        (false, true) => "- Grants: none\n",
        (false, false) => "",
    };
    let removal = if kind.holds_data() {
        "refused while the stack has `deletion_protection`, because it holds data; else deleted"
    } else {
        "deleted"
    };
    format!(
        "{}\n\n- API: `{}`\n- Name in the inventory: `{}`\n- Selector of an import: `{}=`\n- {}: {labels}\n{grants}\
         - When the component goes: {removal}, unless `deletion_policy` says otherwise; see [Deletion](#deletion)",
        kind.object().description,
        kind.objects().api(),
        kind.objects().name_pattern(),
        kind.name(),
        of.labels,
    )
}

/// What the marks on an attribute mean to the user.
fn notes(of: &StackPage, path: &str, attribute: &Attribute) -> Vec<String> {
    let is_kind = |name: &str| of.kinds.iter().any(|kind| kind.name() == name);
    let marks = &attribute.extensions;
    let mut notes = Vec::new();
    if marks.get::<Immutable>().is_some() {
        notes.push(IMMUTABLE.to_owned());
    }
    if let Some(refers) = marks.get::<Refers>() {
        notes.push(if is_kind(refers.kind) {
            format!("Takes the KEY of one of this stack's [`{0}`](#{0}), or the cloud's own name: see [References](#references).", refers.kind)
        } else {
            format!("This version's stacks have no `{}`: write the cloud's own name.", refers.kind)
        });
    }
    if marks.get::<FreeText>().is_some() {
        notes.push("`{{kind.KEY.attribute}}` is filled in: see [References](#references).".to_owned());
    }
    if marks.get::<Volatile>().is_some() {
        notes.push("Known after apply whenever the component changes.".to_owned());
    }
    let is_of_component = path.split('.').count() == 2 && path.split('.').next().is_some_and(is_kind);
    let section = match attribute.name.as_ref() {
        _ if !is_of_component => None,
        "iam" => Some("Grants"),
        "deletion_policy" => Some("Deletion"),
        "allow_replacement" => Some("Immutable attributes"),
        "effective_labels" | "effective_tags" => Some(of.labels),
        _ => None,
    };
    notes.extend(section.map(|title| format!("See [{title}](#{}).", slug(title))));
    notes
}

/// The word at the end of a description that a note says in full.
fn tidied(mut section: Section) -> Section {
    let is_immutable = |entry: &Entry| entry.notes.iter().any(|note| note == IMMUTABLE);
    let entries = section.required.iter_mut().chain(&mut section.optional);
    for entry in entries.filter(|entry| is_immutable(entry)) {
        if let Some(text) = entry.description.strip_suffix(" Immutable.") {
            entry.description = text.to_owned();
        }
    }
    section
}

/// One object of a kind, with what its struct says of the object as a whole.
fn nested_section(schema: &ObjectSchema, section: &Section) -> String {
    let text = Reference { sections: vec![section.clone()] }.to_markdown();
    let text = text.trim_start_matches("## Schema").trim_start();
    // The kind's own description stands above.
    let description = section.path.contains('.').then(|| description_of(schema, &section.path)).flatten();
    match (description, text.split_once("\n\n")) {
        (Some(description), Some((heading, attributes))) => format!("{heading}\n\n{description}\n\n{attributes}"),
        _ => text.to_owned(),
    }
}

/// The description of the objects nested at a dotted path.
fn description_of(schema: &ObjectSchema, path: &str) -> Option<String> {
    let mut object = schema;
    for name in path.split('.') {
        object = object.attribute(name)?.nested()?.1;
    }
    Some(object.description.to_string()).filter(|description| !description.is_empty())
}

/// What the registry reads first. The page of the provider itself belongs to no subcategory, and must not name one.
fn front_matter(title: &str, description: &str) -> String {
    let subcategory = if title.ends_with(" Provider") { "" } else { "subcategory: \"\"\n" };
    format!("---\npage_title: \"{title}\"\n{subcategory}description: |-\n  {}\n---", first_paragraph(description))
}

fn first_paragraph(text: &str) -> String {
    text.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fenced(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```", text.trim_end())
}

/// Parts of a page with a blank line between each two.
fn joined(parts: &[String]) -> String {
    parts.iter().map(|part| part.trim_end()).collect::<Vec<_>>().join("\n\n") + "\n"
}

/// The target that a heading gets: lower case, `-` for blanks, without marks.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn examples() -> Examples {
        Examples::read(|file| format!("# {file}\n"))
    }

    fn page(path: &str) -> String {
        pages(&examples()).into_iter().find(|page| page.path == path).unwrap().text
    }

    /// Headings outside code, and explicit anchors.
    fn targets(text: &str) -> BTreeSet<String> {
        let mut in_code = false;
        let mut targets = BTreeSet::new();
        for line in text.lines() {
            in_code ^= line.starts_with("```");
            if let Some(heading) = line.strip_prefix('#').filter(|_| !in_code) {
                targets.insert(slug(heading.trim_start_matches('#').trim_start()));
            }
            if let Some(rest) = line.strip_prefix("<a id=\"") {
                targets.extend(rest.split('"').next().map(str::to_owned));
            }
        }
        targets
    }

    #[test]
    fn every_link_within_a_page_leads_somewhere() {
        for page in pages(&examples()) {
            let targets = targets(&page.text);
            for link in page.text.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
                assert!(targets.contains(link), "{}: #{link} leads nowhere", page.path);
            }
        }
    }

    #[test]
    fn links_to_kinds_from_the_provider_lead_to_their_sections() {
        let targets = targets(&page("resources/stack.md"));
        let index = page("index.md");
        let links: Vec<&str> =
            index.split("(resources/stack.md#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert_eq!(links.len(), GOOGLE_PAGE.kinds.len());
        assert!(links.iter().all(|link| targets.contains(*link)), "{links:?}");
    }

    #[test]
    fn an_attribute_is_called_immutable_once() {
        let text = page("resources/stack.md");
        let line = text.lines().find(|line| line.contains("unique in the project and region: at most 49")).unwrap();
        assert_eq!(line.matches("mmutable").count(), 2, "the note and its link: {line}");
    }

    #[test]
    fn a_reference_names_the_kind_whose_keys_it_takes() {
        let text = page("resources/stack.md");
        let section = text.split("### Nested Schema for `services.volumes`").nth(1).unwrap();
        let line = section.lines().find(|line| line.starts_with("- `bucket`")).unwrap();
        assert!(line.contains("this stack's [`buckets`](#buckets)"), "{line}");
    }

    #[test]
    fn what_a_nested_object_says_as_a_whole_is_shown() {
        let text = page("resources/stack.md");
        let section = text.split("### Nested Schema for `services.volumes`").nth(1).unwrap();
        assert!(section.trim_start().starts_with("A volume and where it is mounted;"), "{section:.200}");
    }

    #[test]
    fn pages_are_tidy_text() {
        for Page { path, text } in pages(&examples()) {
            assert!(text.starts_with("---\npage_title: ") && text.ends_with('\n') && !text.ends_with("\n\n"), "{path}");
            let untidy: Vec<&str> = text.lines().filter(|line| line.ends_with(' ')).collect();
            assert_eq!(untidy, Vec::<&str>::new(), "{path}");
        }
    }
}
