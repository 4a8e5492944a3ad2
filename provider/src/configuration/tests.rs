//! Small configurations, and what is said of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tfplugin::{Diagnostics, Object, ObjectSchema, Value};

use super::modules::Places;
use super::tree::File;
use super::{BlockKind, check_files, hcl, json};
use crate::configuration::check::{self, MistakeKind};

/// A stack of shelves.
#[derive(Debug, Object)]
struct Shelves {
    /// Its name.
    #[tf(required)]
    name: Value<String>,
    /// Any keys.
    #[tf(optional)]
    labels: Value<BTreeMap<String, String>>,
    /// By KEY.
    #[tf(optional)]
    shelves: Value<BTreeMap<String, Shelf>>,
    /// In order.
    #[tf(optional)]
    rules: Value<Vec<Rule>>,
    /// One.
    #[tf(optional)]
    limits: Value<Rule>,
}

/// A shelf.
#[derive(Debug, Object)]
struct Shelf {
    /// Its storage class.
    #[tf(optional)]
    storage_class: Value<String>,
    /// Any keys.
    #[tf(optional)]
    env: Value<BTreeMap<String, String>>,
    /// Deeper.
    #[tf(optional)]
    rules: Value<Vec<Rule>>,
    /// Set by the provider.
    #[tf(computed)]
    url: Value<String>,
}

/// A rule.
#[derive(Debug, Object)]
struct Rule {
    /// How old.
    #[tf(optional)]
    age: Value<i64>,
    /// What for.
    #[tf(optional)]
    matches: Value<BTreeMap<String, Match>>,
}

/// The deepest.
#[derive(Debug, Object)]
struct Match {
    /// A prefix.
    #[tf(optional)]
    prefix: Value<String>,
}

/// What is wrong in a file, a line for each.
fn said(file: Option<File>) -> Vec<String> {
    let schema = Shelves::schema();
    let blocks = file.map(|file| file.blocks).unwrap_or_default();
    let mistakes = blocks.iter().filter(|block| block.labels[0] == "shelves").flat_map(|block| {
        check::check(&block.attributes, &schema).into_iter().map(|mistake| {
            let what = match mistake.kind {
                MistakeKind::Unsupported { meant: Some(meant), .. } => format!("did you mean {meant}?"),
                MistakeKind::Unsupported { meant: None, known } => format!("known: {}", known.join(" ")),
                MistakeKind::Duplicate { first } => format!("first on {first}"),
            };
            format!("{}: {} {what}", mistake.line, mistake.path)
        })
    });
    mistakes.collect()
}

/// Of a resource with these attributes, which begin on line 2.
fn native(attributes: &str) -> Vec<String> {
    said(hcl::read(&format!("resource \"shelves\" \"it\" {{\n{attributes}\n}}\n")))
}

/// Of a resource with this body.
fn of_json(body: &str) -> Vec<String> {
    said(json::read(&format!("{{\"resource\": {{\"shelves\": {{\"it\": {body}}}}}}}")))
}

const TYPO: &str = "did you mean storage_class?";

#[test]
fn a_misspelt_name_is_found_at_every_depth() {
    assert_eq!(
        native("shelves = {\n  a = {\n    storage_clas = 1\n  }\n}"),
        [format!("4: shelves[\"a\"].storage_clas {TYPO}")]
    );
    assert_eq!(
        native("shelves = { a = { rules = [{}, { matches = { m = { prefx = 1 } } }] } }"),
        ["2: shelves[\"a\"].rules[1].matches[\"m\"].prefx did you mean prefix?"]
    );
    assert_eq!(native("limits = { ago = 1 }"), ["2: limits.ago did you mean age?"]);
}

#[test]
fn a_name_that_resembles_none_is_answered_with_those_that_can_be_set() {
    assert_eq!(native("shelves = { a = { colour = 1 } }"), ["2: shelves[\"a\"].colour known: env rules storage_class"]);
}

#[test]
fn a_key_that_stands_twice_is_found_in_objects_and_in_maps() {
    assert_eq!(native("shelves = { a = {}, b = {}, a = {} }"), ["2: shelves[\"a\"] first on 2"]);
    assert_eq!(
        native("labels = {\n x = 1\n \"x\" = 2\n x : 3\n}"),
        ["4: labels[\"x\"] first on 3", "5: labels[\"x\"] first on 3"]
    );
    assert_eq!(native("limits = {\n age = 1\n age = 2\n}"), ["4: limits.age first on 3"]);
}

#[test]
fn a_repeated_key_elsewhere_in_the_file_hides_nothing() {
    let text = "locals { x = { a = 1, a = 2, (b) = 1, (b) = 2, \"${c}\" = 1, \"${c}\" = 2 } }\n\
                resource \"shelves\" \"it\" { shelves = { a = { storage_clas = 1 } } }";
    assert_eq!(said(hcl::read(text)), [format!("2: shelves[\"a\"].storage_clas {TYPO}")]);
}

#[test]
fn keys_are_read_however_they_are_written() {
    for key in ["storage_clas", "\"storage_clas\"", "(\"storage_clas\")"] {
        for sign in ["=", ":", " = "] {
            assert_eq!(native(&format!("shelves = {{ a = {{ {key}{sign}1, }}\n}}")).len(), 1, "{key}{sign}");
        }
    }
}

#[test]
fn keys_behind_a_name_are_passed_over() {
    assert_eq!(native("shelves = { a = { (local.x) = 1, \"${var.y}\" = 1 }, (var.a) = {}, (var.a) = {} }"), [""; 0]);
}

#[test]
fn what_stands_under_a_computed_key_is_read() {
    assert_eq!(native("shelves = { (var.a) = { storage_clas = 1 } }"), [format!("2: shelves[*].storage_clas {TYPO}")]);
}

#[test]
fn maps_take_any_key() {
    assert_eq!(
        native("labels = { storage_clas = 1 }\nshelves = { storage_clas = { env = { STORAGE = 1 } } }"),
        [""; 0]
    );
}

#[test]
fn literals_in_expressions_are_read() {
    let bad = "{ storage_clas = 1 }";
    for (expression, path) in [
        (format!("{{ a = ({bad}) }}"), "[\"a\"]"),
        (format!("{{ a = var.big ? {bad} : null }}"), "[\"a\"]"),
        (format!("{{ a = var.big ? null : {bad} }}"), "[\"a\"]"),
        (format!("{{ a = merge(local.all, {bad}) }}"), "[\"a\"]"),
        (format!("merge(local.all, {{ a = {bad} }})"), "[\"a\"]"),
        (format!("merge([{{ a = {bad} }}, var.b]...)"), "[\"a\"]"),
        (format!("merge([for k in var.ks : {{ a = {bad} }}]...)"), "[\"a\"]"),
        (format!("{{ for k, v in var.all : k => {bad} }}"), "[*]"),
        (format!("{{ for k in var.all : k => merge(v, {bad}) if k != \"\" }}"), "[*]"),
        (format!("{{ for k, v in {{ a = 1 }} : k => {bad} }}"), "[*]"),
        (format!("tomap({{ a = try(var.x, {bad}) }})"), "[\"a\"]"),
        (format!("{{ a = lookup({{ big = {bad} }}, var.size, null) }}"), "[\"a\"]"),
        (format!("{{ a = {{ big = {bad} }}[var.size] }}"), "[\"a\"]"),
        (format!("{{ a = {{ big = {bad}, other = {{ x = 1 }} }}.big }}"), "[\"a\"]"),
        (format!("{{ a = {{ big = {{ it = {bad}, n = {{ x = 1 }} }} }}[var.size][\"it\"] }}"), "[\"a\"]"),
        (format!("{{ a = \"${{{bad}}}\" }}"), "[\"a\"]"),
        (format!("{{ a = core::merge({bad}) }}"), "[\"a\"]"),
        (format!("zipmap(var.names, [{bad}])"), "[*]"),
    ] {
        assert_eq!(
            native(&format!("shelves = {expression}")),
            [format!("2: shelves{path}.storage_clas {TYPO}")],
            "{expression}"
        );
    }
    for expression in
        ["concat(local.rules, [{ ago = 1 }])", "flatten([for x in xs : [{ ago = 1 }]])", "[for x in xs : { ago = 1 }]"]
    {
        let said = native(&format!("rules = {expression}"));
        assert!(said.len() == 1 && said[0].contains("ago did you mean age?"), "{expression}: {said:?}");
    }
}

#[test]
fn what_is_merged_is_no_repeated_key() {
    assert_eq!(native("shelves = merge({ a = {} }, { a = {} })\nlabels = var.x ? { a = 1 } : { a = 2 }"), [""; 0]);
}

#[test]
fn what_stands_behind_a_name_is_passed_over() {
    for expression in [
        "local.shelves",
        "module.m.shelves[0]",
        "mine({ a = { storage_clas = 1 } })",
        "provider::x::f({ a = { storage_clas = 1 } })",
        "jsondecode(\"{}\")",
        "{ a = local.x.storage_clas }",
        "{ for k in [{ storage_clas = 1 }] : k => local.y }",
        "{ a = { env = { x = jsonencode({ storage_clas = 1 }) } } }",
    ] {
        assert_eq!(native(&format!("shelves = {expression}")), [""; 0], "{expression}");
    }
}

#[test]
fn a_key_twice_is_found_in_what_a_function_takes() {
    assert_eq!(native("labels = { x = jsonencode({ a = 1, a = 2 }) }"), ["2: labels[\"x\"][\"a\"] first on 2"]);
}

#[test]
fn heredocs_templates_and_comments_confuse_nothing() {
    let text = r#"
  # shelves = { a = { storage_clas = 1 } }
  /* shelves = { a = { storage_clas = 1 } } */ // the same
  labels = {
    x = <<EOT
shelves = { a = { storage_clas = 1 } }
%{ for x in y ~}
  EOTX ${x} "unbalanced { "
%{ endfor ~}
EOT
    y = <<-EOT
      } } resource "shelves" "it" {
      EOT
    z = "}${join("}", ["\"}", "${x}"])}{$${ %%{"
  }
  shelves = { # }
    a = { // "
      storage_clas = 1 /* } */
    }
  }"#;
    assert_eq!(native(text), [format!("19: shelves[\"a\"].storage_clas {TYPO}")]);
}

#[test]
fn line_ends_of_windows_do_not_shift_lines() {
    assert_eq!(
        native("shelves = {\r\n  a = {\r\n    storage_clas = 1\r\n  }\r\n}\r"),
        [format!("4: shelves[\"a\"].storage_clas {TYPO}")]
    );
}

#[test]
fn the_blocks_of_terraform_are_its_own() {
    let text = "count = 2\nfor_each = { a = 1 }\nprovider = mlops.x\nlifecycle {\n ignore_changes = [shelves[\"a\"].x]\n}\n\
                dynamic \"shelves\" {\n for_each = {}\n content {\n storage_clas = {}\n }\n}\nnmae = {}";
    assert_eq!(native(text), [""; 0]);
}

#[test]
fn blocks_of_all_kinds_are_found() {
    let text = "data \"shelves\" \"a\" {\n shelves = { a = { storage_clas = 1 } }\n}\n\
                check \"c\" {\n data \"shelves\" \"b\" {\n shelves = { a = { storage_clas = 1 } }\n }\n}\n\
                provider \"shelves\" {\n shelves = { a = { storage_clas = 1 } }\n}\n\
                module \"net\" { source = \"./net\" }";
    let file = hcl::read(text).unwrap();
    assert_eq!(file.calls, ["net"]);
    let kinds: Vec<_> = file.blocks.iter().map(|block| block.kind).collect();
    assert_eq!(kinds, [BlockKind::Data, BlockKind::Data, BlockKind::Provider]);
    assert_eq!(said(Some(file)).len(), 3);
}

#[test]
fn a_file_that_does_not_parse_is_passed_over() {
    for text in [
        "resource \"shelves\" \"it\" {",
        "a = \na = 1",
        "shelves = { a b }",
        "{",
        "a = 1 2",
        "a = {a = 1 b = 2}",
        "\u{0}",
    ] {
        assert!(hcl::read(text).is_none(), "{text:?}");
        assert!(json::read(text).is_none(), "{text:?}");
    }
}

#[test]
fn json_is_read_with_its_lines() {
    assert_eq!(
        of_json("{\n\"shelves\": {\n\"a\": {\n\"storage_clas\": 1}}}"),
        [format!("4: shelves[\"a\"].storage_clas {TYPO}")]
    );
    assert_eq!(of_json("{\"rules\": [{}, {\"ago\": 1}]}"), ["1: rules[1].ago did you mean age?"]);
    assert_eq!(of_json("{\"labels\": {\"a\": 1,\n\"b\": 2,\n\"\\u0061\": 3}}"), ["3: labels[\"a\"] first on 1"]);
}

#[test]
fn json_has_lists_of_blocks_comments_and_expressions() {
    let list = r#"[{"resource": [{"shelves": [{"it": [{"limits": {"ago": 1}}]}]}], "module": {"net": {}}}]"#;
    assert_eq!(json::read(list).unwrap().calls, ["net"]);
    assert_eq!(said(json::read(list)), ["1: limits.ago did you mean age?"]);
    assert_eq!(of_json(r#"{"limits": {"//": "why", "age": 1}, "//": {}}"#), [""; 0]);
    assert_eq!(
        of_json(r#"{"shelves": "${merge(local.x, { a = { storage_clas = 1 } })}"}"#),
        [format!("1: shelves[\"a\"].storage_clas {TYPO}")]
    );
    assert_eq!(
        of_json(r#"{"shelves": {"${var.a}": {"env": 1}, "${var.a} ": {"storage_clas": "${x"}}}"#),
        [format!("1: shelves[*].storage_clas {TYPO}")]
    );
}

/// A folder with these files, and what is said of it.
fn folder(files: &[(&str, &str)], more: impl FnOnce(&Path)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    more(folder.path());
    told(folder.path(), Path::new(".terraform"))
}

fn told(root: &Path, data: &Path) -> Vec<String> {
    let schema = Shelves::schema();
    let of = |kind: BlockKind, name: &str| -> Option<&ObjectSchema> {
        (kind == BlockKind::Resource && name == "shelves").then_some(&schema)
    };
    let diagnostics: Diagnostics = check_files(Places { root, data }, of);
    diagnostics.iter().map(|one| format!("{}: {}", one.summary, one.detail)).collect()
}

/// The place and the object of each.
fn places(told: &[String]) -> Vec<String> {
    let part = |text: &String| -> Option<String> {
        let (_, rest) = text.split_once(": ")?;
        Some(rest.split(" is ").next()?.to_owned())
    };
    told.iter().filter_map(part).collect()
}

const BAD: &str = "resource \"shelves\" \"it\" {\n  shelves = { a = { storage_clas = 1 } }\n}\n";

#[test]
fn the_whole_text() {
    let twice = "resource \"shelves\" \"it\" {\n  labels = {\n    x = 1\n    x = 2\n  }\n}\n";
    let none = BAD.replace("storage_clas", "colour");
    expect_test::expect![[r#"
        Unsupported argument: a.tf:2: shelves["a"].storage_clas of shelves.it is not supported, and Terraform would ignore it. Did you mean storage_class?
        Unsupported argument: b.tf:2: shelves["a"].colour of shelves.it is not supported, and Terraform would ignore it. Supported here: env, rules, storage_class.
        Duplicate key: c.tf:4: labels["x"] of shelves.it was already set on line 3, and Terraform would ignore that. Each key may stand once in an object: remove or rename one of the two."#]]
    .assert_eq(&folder(&[("a.tf", BAD), ("b.tf", &none), ("c.tf", twice)], |_| ()).join("\n"));
}

#[test]
fn every_file_of_a_module_is_read_and_no_other() {
    let json = r#"{"resource": {"shelves": {"it": {"shelves": {"a": {"storage_clas": 1}}}}}}"#;
    let files = [
        ("main.tf", BAD),
        ("override.tf", BAD),
        ("a_override.tf", BAD),
        ("more.tf.json", json),
        ("of.tofu", BAD),
        ("of.tofu.json", json),
        ("main.tf~", BAD),
        (".hidden.tf", BAD),
        ("#main.tf#", BAD),
        ("main.tf.bak", BAD),
        ("x.tfvars", BAD),
        ("x.tftest.hcl", BAD),
        ("inner/main.tf", BAD),
        ("broken.tf", "resource {"),
        ("bom.tf", "\u{feff}locals {}"),
    ];
    let read: Vec<String> =
        places(&folder(&files, |_| ())).iter().map(|place| place.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(read, ["a_override.tf", "main.tf", "more.tf.json", "of.tofu", "of.tofu.json", "override.tf"]);
}

const MANIFEST: &str = r#"{"Modules": [{"Key": "", "Source": "", "Dir": "."},
  {"Key": "net", "Source": "./mods/net", "Dir": "mods/net"}, {"Key": "net.deep", "Source": "../deep", "Dir": "mods/deep"},
  {"Key": "again", "Source": "./mods/net", "Dir": "mods/net"}, {"Key": "gone", "Source": "./gone", "Dir": "gone"}]}"#;

const MODULES: [(&str, &str); 4] = [
    (
        "main.tf",
        "module \"net\" {\n source = \"./mods/net\"\n}\nmodule \"again\" {\n source = \"./mods/net\"\n}\nmodule \"new\" {\n}\n",
    ),
    ("mods/net/main.tf", "module \"deep\" {\n source = \"../deep\"\n}\n"),
    ("mods/deep/main.tf", BAD),
    ("gone/main.tf", BAD),
];

#[test]
fn modules_are_followed_along_their_blocks_and_told_of_once() {
    for (data, manifest) in [(".terraform", ".terraform/modules/modules.json"), ("data", "data/modules/modules.json")] {
        let mut files = MODULES.to_vec();
        files.push((manifest, MANIFEST));
        let found = folder(&files, |root| {
            let told = places(&told(root, Path::new(data)));
            assert!(told.len() == 1 && told[0].starts_with("mods/deep/main.tf:2: "), "{data}: {told:?}");
            assert!(told[0].ends_with(" of module.net.module.deep.shelves.it"), "{told:?}");
        });
        assert_eq!(found.len(), usize::from(data == ".terraform"));
    }
}

#[test]
fn without_a_configuration_nothing_is_said() {
    assert_eq!(told(Path::new("/nowhere"), Path::new("/nowhere")), [""; 0]);
    assert_eq!(folder(&[(".terraform/modules/modules.json", "{")], |_| ()), [""; 0]);
}

#[cfg(unix)]
#[test]
fn pipes_devices_folders_and_huge_files_are_not_read_and_links_are_followed() {
    use std::os::unix::fs::symlink;
    let found = folder(&[("elsewhere/main", BAD)], |root| {
        let pipe = std::process::Command::new("mkfifo").arg(root.join("pipe.tf")).status().unwrap();
        assert!(pipe.success());
        symlink("/dev/zero", root.join("device.tf")).unwrap();
        symlink("loop.tf", root.join("loop.tf")).unwrap();
        symlink("elsewhere/main", root.join("linked.tf")).unwrap();
        fs::create_dir(root.join("folder.tf")).unwrap();
        fs::File::create(root.join("huge.tf")).unwrap().set_len(1 << 40).unwrap();
        fs::write(root.join("latin.tf"), [b'#', 0xe9]).unwrap();
    });
    assert_eq!(places(&found), ["linked.tf:2: shelves[\"a\"].storage_clas of shelves.it"]);
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "(resource \"shelves\" \"it\" \\{\n?)?([a-c\"={}\\[\\]()<:,?.\n$%\\\\*/#é ~-]|<<-?EOT|\n *EOT\n|\\$\\{|%\\{ ?(for|if|endfor|else|endif)|for |in |=>|\\.\\.\\.){0,60}") {
        said(hcl::read(&text));
        said(json::read(&text));
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        said(hcl::read(&text));
        said(json::read(&text));
    }
}

#[test]
fn no_depth_is_too_deep() {
    for open in [
        "[",
        "{a=",
        "(",
        "\"${",
        "f(",
        "!",
        "-",
        "{a={a=1,a=",
        "x ? ",
        "x ? 1 : ",
        "[for a in ",
        "1+",
        "a.",
        "a[",
        "%{if a}",
        "<<E\n${",
    ] {
        let text = format!("resource \"shelves\" \"it\" {{\nshelves = {}", open.repeat(100_000));
        said(hcl::read(&text));
    }
    for open in ["[", "{\"a\":", "{\"resource\":"] {
        said(json::read(&open.repeat(100_000)));
    }
    let closed = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    of_json(&format!("{{\"rules\": {closed}}}"));
    let blocks = format!("{}{}", "a {\n".repeat(5_000), "}\n".repeat(5_000));
    said(hcl::read(&blocks));
}

#[test]
fn any_file_is_read_or_passed_over() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/environments");
    let file = |name: &str| fs::read_to_string(format!("{examples}/ct-scan/{name}")).unwrap();
    let (main, variables) = (file("main.tf"), file("variables.tf"));
    let json = r#"{"resource": {"mlops_stack": {"it": {"name": "it", "buckets": {"a": {"name": "${var.name}", "labels": {"k": "v"}}}}}}}"#;
    for mut mutator in acceptance_tests::fuzz::rounds("configuration files") {
        for text in [&main, &variables] {
            let _ = hcl::read(&mutator.text(text));
        }
        let _ = json::read(&mutator.text(json));
    }
}
