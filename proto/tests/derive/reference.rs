//! The reference page that a declaration gives.

use expect_test::expect;
use tfplugin::schema::Reference;
use tfplugin::{Attribute, Object};

use crate::everything::Everything;

#[test]
fn the_page_says_all_that_the_declaration_says() {
    let page = Reference::of(&Everything::schema()).to_markdown();
    expect![[r###"
        ## Schema

        ### Required

        - `listed` (Block List, Min: 1, Max: 3) Old syntax, in order. (see [below for nested schema](#nestedblock--listed))
        - `name` (String) Unique. A change replaces the resource.

        ### Optional

        - `always` (Block) Old syntax, always. (see [below for nested schema](#nestedblock--always))
        - `anything` (Dynamic) Anything.
        - `args` (List of String) Arguments. Default: `["serve", "all"]`.
        - `class` (String) A class. Default: `STANDARD`. One of:
          - `STANDARD`: Daily.
          - `ARCHIVE`: Once a year.
        - `deep` (Map of List of Object) Deeper than nested attributes go. (see [below for nested schema](#nestedobjatt--deep))
        - `dynamic` (Block List) Old syntax, perhaps unknown. (see [below for nested schema](#nestedblock--dynamic))
        - `instances` (Number) A count. Default: `3`.
        - `labelled` (Block Map) Old syntax, by label. (see [below for nested schema](#nestedblock--labelled))
        - `lengths` (List of String) Lengths.
        - `named_rules` (Attributes Map) Rules by name. (see [below for nested schema](#nestedatt--named_rules))
        - `old_class` (String) A class by its spelling. Default: `ARCHIVE`. One of:
          - `STANDARD`: Daily.
          - `ARCHIVE`: Once a year.
        - `on` (Boolean) Called otherwise.
        - `password_wo` (String, Sensitive, Write-only) A password.
        - `perhaps` (Block) Old syntax, perhaps. (see [below for nested schema](#nestedblock--perhaps))
        - `ports` (Map of Number) Ports. Default: `{ http = 80 }`.
        - `rule` (Attributes) The main rule. (see [below for nested schema](#nestedatt--rule))
        - `rules` (Attributes List) Rules in order. (see [below for nested schema](#nestedatt--rules))
        - `share` (Number) A share. Default: `0.5`.
        - `timeout` (String) A length. Default: `60m`.
        - `type` (String, Deprecated) A keyword in Rust. **Deprecated:** Use kind.
        - `unordered` (Block Set, Deprecated) Old syntax, without order. **Deprecated:** Use rules. (see [below for nested schema](#nestedblock--unordered))

        ### Read-Only

        - `size` (Number) The server says.

        <a id="nestedobjatt--deep"></a>
        ### Nested Schema for `deep`

        Optional:

        - `age` (Number)
        - `classes` (Set of String)
        - `count` (Number)

        <a id="nestedatt--named_rules"></a>
        ### Nested Schema for `named_rules`

        Required:

        - `age` (Number) After how many days.

        Optional:

        - `classes` (Set of String) What moves. One of:
          - `STANDARD`: Daily.
          - `ARCHIVE`: Once a year.
        - `count` (Number) How many versions stay.

        <a id="nestedatt--rule"></a>
        ### Nested Schema for `rule`

        Required:

        - `age` (Number) After how many days.

        Optional:

        - `classes` (Set of String) What moves. One of:
          - `STANDARD`: Daily.
          - `ARCHIVE`: Once a year.
        - `count` (Number) How many versions stay.

        <a id="nestedatt--rules"></a>
        ### Nested Schema for `rules`

        Required:

        - `age` (Number) After how many days.

        Optional:

        - `classes` (Set of String) What moves. One of:
          - `STANDARD`: Daily.
          - `ARCHIVE`: Once a year.
        - `count` (Number) How many versions stay.

        <a id="nestedblock--always"></a>
        ### Nested Schema for `always`

        Required:

        - `age` (Number) After how many days.

        Optional:

        - `classes` (Set of String) What moves. One of:
          - `STANDARD`: Daily.
          - `ARCHIVE`: Once a year.
        - `count` (Number) How many versions stay.

        <a id="nestedblock--dynamic"></a>
        ### Nested Schema for `dynamic`

        Required:

        - `age` (Number) After how many days.

        Optional:

        - `classes` (Set of String) What moves. One of:
          - `STANDARD`: Daily.
          - `ARCHIVE`: Once a year.
        - `count` (Number) How many versions stay.

        <a id="nestedblock--labelled"></a>
        ### Nested Schema for `labelled`

        Required:

        - `age` (Number) After how many days.

        Optional:

        - `classes` (Set of String) What moves. One of:
          - `STANDARD`: Daily.
          - `ARCHIVE`: Once a year.
        - `count` (Number) How many versions stay.

        <a id="nestedblock--listed"></a>
        ### Nested Schema for `listed`

        Required:

        - `age` (Number) After how many days.

        Optional:

        - `classes` (Set of String) What moves. One of:
          - `STANDARD`: Daily.
          - `ARCHIVE`: Once a year.
        - `count` (Number) How many versions stay.

        <a id="nestedblock--perhaps"></a>
        ### Nested Schema for `perhaps`

        Required:

        - `age` (Number) After how many days.

        Optional:

        - `classes` (Set of String) What moves. One of:
          - `STANDARD`: Daily.
          - `ARCHIVE`: Once a year.
        - `count` (Number) How many versions stay.

        <a id="nestedblock--unordered"></a>
        ### Nested Schema for `unordered`

        Required:

        - `age` (Number) After how many days.

        Optional:

        - `classes` (Set of String) What moves. One of:
          - `STANDARD`: Daily.
          - `ARCHIVE`: Once a year.
        - `count` (Number) How many versions stay.
    "###]].assert_eq(&page);
}

#[test]
fn a_provider_adds_what_its_extensions_say() {
    let notes = |path: &str, attribute: &Attribute| {
        if path == "rule.age" { vec![format!("Seen: {}.", attribute.name)] } else { Vec::new() }
    };
    let page = Reference::with_notes(&Everything::schema(), notes);
    let noted: Vec<_> = page
        .sections
        .iter()
        .flat_map(|section| section.required.iter().map(move |entry| (section.path.as_str(), entry)))
        .filter(|(_, entry)| entry.notes.iter().any(|note| note == "Seen: age."))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(noted, ["rule"]);
}

#[test]
fn every_link_leads_to_one_section() {
    let page = Reference::of(&Everything::schema());
    let mut anchors: Vec<_> =
        page.sections.iter().map(|section| section.anchor.clone()).filter(|it| !it.is_empty()).collect();
    let entries = |section: &tfplugin::schema::Section| {
        [&section.required, &section.optional, &section.read_only].into_iter().flatten().cloned().collect::<Vec<_>>()
    };
    let mut links: Vec<_> = page.sections.iter().flat_map(entries).filter_map(|entry| entry.nested).collect();
    anchors.sort();
    links.sort();
    assert_eq!(anchors, links);
}
