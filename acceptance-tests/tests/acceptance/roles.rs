//! The table of roles in the guide on CI: it names all that the provider's calls need, and plans and imports read only.
//!
//! `roles/calls.txt` says what each call needs, `roles/roles.txt` what each role holds, both from Google's reference. Nobody's permissions are
//! checked on localcloud, so the calls that it notes are compared with the table.

use std::collections::{BTreeMap, BTreeSet};

use acceptance_tests::{Request, Scene, Seed, World, on_every_terraform, workspace};

use crate::environment;
use crate::import::{ID, imported};

on_every_terraform! {
    the_roles_for_reading_and_for_applying_suffice_for_every_kind,
    the_roles_for_reading_and_for_applying_suffice_for_ct_scan,
}

/// The row that holds for every account.
const ANY: &str = "any stack";

/// What an account does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Plans and imports.
    Reading,
    Applying,
}

/// A call that the provider may make.
struct Call {
    row: String,
    permissions: Vec<String>,
    method: String,
    place: String,
}

/// The table of the guide, by its first column without backticks: the roles for reading, and those for applying.
struct Table(BTreeMap<String, [BTreeSet<String>; 2]>);

impl Table {
    fn of_the_guide() -> Self {
        let guide = std::fs::read_to_string(workspace().join("docs/guides/ci-cd.md")).unwrap();
        let rows = guide.lines().skip_while(|line| !line.starts_with("| In the stack ")).skip(2);
        let rows = rows.take_while(|line| line.starts_with('|')).map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            (cells[0].replace('`', "").trim().to_owned(), [roles_in(cells[1]), roles_in(cells[2])])
        });
        Self(rows.collect())
    }

    fn roles(&self, row: &str, work: Work) -> &BTreeSet<String> {
        let [reading, applying] = self.0.get(row).unwrap_or_else(|| panic!("the guide has no row {row:?}"));
        if work == Work::Reading { reading } else { applying }
    }

    /// Whether an account with the roles of a row and those for any stack has a permission.
    fn grants(&self, row: &str, work: Work, permission: &str, held: &BTreeMap<String, Vec<String>>) -> bool {
        let own = self.roles(row, work);
        // "What its kind needs" is in the rows of the kinds.
        let rows: Vec<&str> = match own.is_empty() && work == Work::Applying {
            true => self.0.keys().map(String::as_str).collect(),
            false => vec![row, ANY],
        };
        let holds = |role: &String| {
            let holds = held.get(role).unwrap_or_else(|| panic!("roles.txt does not say what {role} holds"));
            holds.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => permission.starts_with(start),
                None => permission == pattern,
            })
        };
        rows.iter().any(|row| self.roles(row, work).iter().any(holds))
    }
}

fn roles_in(cell: &str) -> BTreeSet<String> {
    cell.split('`').filter(|text| text.starts_with("roles/")).map(str::to_owned).collect()
}

fn held() -> BTreeMap<String, Vec<String>> {
    let lines = include_str!("roles/roles.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let words = lines.map(|line| line.split_whitespace().map(str::to_owned));
    words.map(|mut words| (words.next().unwrap(), words.collect())).collect()
}

fn calls() -> Vec<Call> {
    let mut row = String::new();
    let mut calls = Vec::new();
    for line in include_str!("roles/calls.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut row);
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let [permissions, method, place] = words[..] else { panic!("{line:?} is no call") };
        let permissions = permissions.split(',').filter(|permission| *permission != "-").map(str::to_owned).collect();
        calls.push(Call { row: row.clone(), permissions, method: method.to_owned(), place: place.to_owned() });
    }
    calls
}

/// Whether a place, written with stars, is the one of a request.
fn is_at(place: &str, host: &str, path: &str) -> bool {
    let found = format!("{host}{path}");
    let mut found = found.split('/');
    for wanted in place.split('/') {
        let Some(part) = found.next() else { return false };
        let fits = match wanted.strip_prefix('*') {
            Some("*") => return !part.is_empty(),
            Some("") => !part.is_empty() && !part.contains(':'),
            Some(verb) => part.len() > verb.len() && part.ends_with(verb),
            None => part == wanted,
        };
        if !fits {
            return false;
        }
    }
    found.next().is_none()
}

/// Fails unless the table has, in the rows that the calls belong to, what each of them needs.
#[track_caller]
fn expect_granted(work: Work, requests: &[Request]) {
    let (table, held, calls) = (Table::of_the_guide(), held(), calls());
    let mut refused = BTreeSet::new();
    for request in requests {
        let known: Vec<&Call> = calls
            .iter()
            .filter(|call| call.method == request.method && is_at(&call.place, &request.host, &request.path))
            .collect();
        let granted = |call: &&Call| call.permissions.iter().all(|one| table.grants(&call.row, work, one, &held));
        if !known.iter().any(granted) {
            let rows: Vec<&str> = known.iter().map(|call| call.row.as_str()).collect();
            refused.insert(format!("{} {}{} {rows:?}", request.method, request.host, request.path));
        }
    }
    assert!(refused.is_empty(), "{work:?}: no role of the guide allows, or calls.txt does not know:\n{refused:#?}");
}

/// Applies, plans, imports, changes and destroys what is in the main directory, and looks at the calls of each.
fn live(world: &World, id: &str, variables: &[&str]) {
    let mark = world.cloud.mark();
    world.main.apply(variables).expect_success();
    expect_granted(Work::Applying, &world.cloud.requests_since(mark));
    let mark = world.cloud.mark();
    world.main.plan(variables).expect_empty();
    imported(world, id).plan(&[]).expect_empty();
    world.cloud.expect_no_writes_since(mark);
    expect_granted(Work::Reading, &world.cloud.requests_since(mark));
}

fn the_roles_for_reading_and_for_applying_suffice_for_every_kind(scene: Scene) {
    let world = scene.world(Seed::ct_scan_project());
    let example = workspace().join("examples/resources/mlops_stack/resource.tf");
    let stack = std::fs::read_to_string(example).unwrap();
    let stack = stack.replacen("name   = \"churn\"", "name   = \"churn\"\n  deletion_protection = false", 1);
    let phase = "resource \"mlops_phase_checkpoint\" \"first\" {\n  store  = \"${mlops_stack.prod.buckets[\"models\"].url}/phases\"\n  \
                 project_name = \"Churn\"\n  phase  = \"1\"\n  title  = \"Foundation\"\n  status = \"in_progress\"\n}\n";
    world.config(&format!("{stack}\n{phase}"));
    world.main.write(
        "example.auto.tfvars",
        "wandb_api_key = \"a-made-up-key\"\ndatabase_password = \"a-made-up-password\"\n",
    );
    live(&world, &format!("{}/europe-west1/churn", world.seed.project), &[]);
    let changed = stack.replacen("environment = \"prod\"", "environment = \"test\"", 1);
    let changed = changed.replacen("versioning = true", "versioning = true\n      force_destroy = true", 1);
    world.config(&format!("{changed}\n{phase}"));
    let mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    world.main.destroy().expect_success();
    expect_granted(Work::Applying, &world.cloud.requests_since(mark));
}

fn the_roles_for_reading_and_for_applying_suffice_for_ct_scan(scene: Scene) {
    let world = scene.world(Seed::ct_scan_project());
    environment::load(&world, &world.main);
    live(&world, ID, &[]);
}

#[test]
fn every_row_of_the_guide_has_what_its_calls_need() {
    let (table, held) = (Table::of_the_guide(), held());
    for call in calls() {
        for permission in &call.permissions {
            let line = format!("{} {}: {permission}", call.method, call.place);
            assert!(table.grants(&call.row, Work::Applying, permission, &held), "to apply {}: {line}", call.row);
            let is_read = call.method == "GET" || permission.ends_with(".getIamPolicy");
            let is_planned = is_read && call.method != "PUT" && !table.roles(&call.row, Work::Reading).is_empty();
            let is_operation = permission.contains(".operations.");
            if is_planned && !is_operation {
                assert!(table.grants(&call.row, Work::Reading, permission, &held), "to read {}: {line}", call.row);
            }
        }
    }
}

#[test]
fn the_roles_for_reading_allow_no_change() {
    let (table, held) = (Table::of_the_guide(), held());
    let roles = table.0.values().flat_map(|[reading, _]| reading);
    let permissions = roles.flat_map(|role| held[role].iter().map(move |permission| (role, permission)));
    for (role, permission) in permissions {
        let verb = permission.rsplit('.').next().unwrap();
        assert!(
            ["get", "list", "getIamPolicy", "getMetadata", "downloadArtifacts"].contains(&verb),
            "{role}: {permission}"
        );
    }
}

#[test]
fn every_row_has_calls_and_every_call_a_row() {
    let rows: BTreeSet<String> = Table::of_the_guide().0.into_keys().collect();
    assert_eq!(calls().into_iter().map(|call| call.row).collect::<BTreeSet<_>>(), rows);
}

#[test]
fn a_star_is_one_part_of_a_path() {
    assert!(is_at("h/v1/projects/*", "h", "/v1/projects/p"));
    assert!(!is_at("h/v1/projects/*", "h", "/v1/projects/p:getIamPolicy"));
    assert!(is_at("h/v1/projects/*:getIamPolicy", "h", "/v1/projects/p:getIamPolicy"));
    assert!(!is_at("h/v1/projects/*", "h", "/v1/projects/p/services"));
    assert!(is_at("h/b/*/o/**", "h", "/b/x/o/a/b"));
}
