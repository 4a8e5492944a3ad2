//! A look at the cloud before components are created: objects that are there already.
//!
//! It adds diagnostics only, reads once for each kind and place, and is silent where it cannot read: the creation itself then
//! says what is in its way. The same rules hold when the creation meets the object (see `apply::create`).

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use tfplugin::schema::Presence;
use tfplugin::{Attribute, Diagnostic, Diagnostics, Dynamic, Severity};

use super::address::Address;
use super::cloud::Cloud;
use super::labels::{self, Owner};
use super::marks::{Immutable, Inner, OwnKeys, Wire};
use super::model::Components;
use super::objects::{Detail, LiveObject};
use super::plan::{Action, Step};
use super::run::Run;
use super::scope::Scope;
use super::spelling::{is_hidden, spell};
use super::{common, effective, secrets, tree, wire};

/// What an object that is there means for the creation of a component.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It bears this stack's stamp and is gone on with.
    Resumed,
    /// Its kind has no labels, and it is exactly what would be created: it is taken over, as imported.
    TakenOver,
    /// It is not in the way: the cloud names the objects, and it is another one.
    Another,
    /// The configuration says to take it over, as imported. These attributes differ from what it says.
    Adopted(Vec<String>),
    /// It must not be touched.
    InTheWay(Box<Diagnostic>),
}

/// How creations look at what is there.
pub(crate) struct Look<'a> {
    /// The stack's cloud.
    pub(crate) cloud: &'static dyn Cloud,
    /// Where the stack is.
    pub(crate) scope: &'a Scope,
    /// Whether there is no state of the stack at all: then a stamp alone is no proof, because a copied configuration would
    /// have the same.
    pub(crate) is_without_state: bool,
    /// Components whose objects an interrupted run of the stack has left before it could stamp them.
    pub(crate) unstamped: &'a BTreeSet<Address>,
}

impl Look<'_> {
    /// Judges an object found under the name, or the title, of a component to be created, wherever it is.
    pub(crate) async fn meet(&self, run: &Run, address: &Address, effective: &Dynamic, found: &LiveObject) -> Verdict {
        match address.kind.account_of(&found.body) {
            Some(account) if !self.is_own(run, account).await => {
                Verdict::InTheWay(Box::new(self.elsewhere(address, found, account)))
            }
            _ => self.judge(address, effective, found),
        }
    }

    /// Whether the account or project is the stack's. One that cannot be told is not: a stamp can be guessed.
    async fn is_own(&self, run: &Run, account: &str) -> bool {
        let place = &self.scope.place;
        if place.is_account(account) || place.number.is_some() {
            return place.is_account(account);
        }
        self.cloud.identify(run).await.is_ok_and(|place| place.is_account(account))
    }

    /// Judges an object found under the name, or the title, of a component to be created; `effective` is what would be.
    pub(crate) fn judge(&self, address: &Address, effective: &Dynamic, found: &LiveObject) -> Verdict {
        let kind = address.kind;
        let differs = || differences(address, effective, found);
        if !labels::are_kept(kind) {
            return match differs().first() {
                _ if common::adopts(effective) => self.adopt(address, effective, found),
                None => Verdict::TakenOver,
                // A title is not a name: there may be two.
                Some(_) if kind.is_named_by_cloud() && !self.is_without_state => Verdict::Another,
                Some(first) => Verdict::InTheWay(Box::new(self.exists(address, found, Some(first)))),
            };
        }
        let is_stamped_for = labels::stamped_key(kind.terms(), &found.tree) == Some(&address.key);
        match labels::owner(kind.terms(), &found.tree, self.scope) {
            Owner::This if kind.is_named_by_cloud() && !is_stamped_for => Verdict::Another,
            // What an interrupted creation has not come to is no difference.
            Owner::This if labels::is_unfinished(kind.terms(), &found.tree) => Verdict::Resumed,
            Owner::This if self.is_without_state && !common::adopts(effective) => match differs().first() {
                None => Verdict::Resumed,
                Some(first) => Verdict::InTheWay(Box::new(self.differs(address, found, first))),
            },
            Owner::This => Verdict::Resumed,
            Owner::Nobody if self.unstamped.contains(address) => Verdict::Resumed,
            Owner::Nobody if common::adopts(effective) => self.adopt(address, effective, found),
            Owner::Nobody | Owner::Other if kind.is_named_by_cloud() => Verdict::Another,
            Owner::Other => Verdict::InTheWay(Box::new(self.foreign(address, found, common::adopts(effective)))),
            Owner::Nobody => Verdict::InTheWay(Box::new(self.exists(address, found, None))),
        }
    }

    /// An object that the configuration says to take over.
    fn adopt(&self, address: &Address, effective: &Dynamic, found: &LiveObject) -> Verdict {
        let mut effective = effective.clone();
        // Whose it is, is known now, and so are its labels.
        if let Some(labels) = labels::wanted(address, &effective, Some(&found.tree), self.scope) {
            tree::set(&mut effective, address.kind.effective_labels(), labels);
        }
        let Compared { known, wanted, changed } = compare(address, &effective, found);
        if let Some(fixed) = changed.iter().find(|attribute| attribute.extensions.get::<Immutable>().is_some()) {
            return Verdict::InTheWay(Box::new(not_adopted(address, fixed, &known, &wanted)));
        }
        let mut differences: Vec<String> = changed.iter().map(|one| difference(one, &known, &wanted)).collect();
        for attribute in &address.kind.object().attributes {
            match inside(address, attribute, &effective, found) {
                Ok(of_children) => differences.extend(of_children),
                Err(problem) => return Verdict::InTheWay(problem),
            }
        }
        if let Some(problem) = refused(address, &effective, found) {
            return Verdict::InTheWay(Box::new(problem));
        }
        differences.extend(open(address, &effective));
        differences.extend(unsent(address, &effective, found));
        Verdict::Adopted(differences)
    }

    fn import_id(&self) -> String {
        let Scope { place, stack, .. } = self.scope;
        format!("{}/{}/{stack}", place.account, place.region)
    }

    /// The error for an object that is there and that this stack is not known to have made.
    pub(crate) fn exists(&self, address: &Address, found: &LiveObject, different: Option<&str>) -> Diagnostic {
        let noun = address.kind.noun();
        let id = self.import_id();
        let name = tree::text(&found.tree, common::NAME).unwrap_or(&found.name);
        let why = match different {
            Some(difference) => format!("it is not what would be created ({difference})"),
            None => "this stack did not create it".to_owned(),
        };
        Diagnostic::error(
            format!("The {noun} exists already"),
            format!(
                "{address}: {name} is there, and {why}, so it is left alone.\n\nTo manage it with this stack, set adopt = true on \
                 {address}: the plan then says what differs. Or import it before anything else is created:\n\n  terraform import \
                 {}.RESOURCE '{id}?{}={name}'\n\nTo leave the {noun} as it is, set another name on {address}.",
                address.kind.terms().resource(),
                address.kind.name(),
            ),
        )
        .at(address.path())
    }

    /// The error for an object that is in another account or project, which has the same names.
    fn elsewhere(&self, address: &Address, found: &LiveObject, account: &str) -> Diagnostic {
        let (noun, terms) = (address.kind.noun(), address.kind.terms());
        let account_noun = terms.account_noun();
        Diagnostic::error(
            format!("The {noun} is in another {account_noun}"),
            format!(
                "{address}: {} is there, in {account_noun} {account} and not in {}, so it is left alone: {}. Set another name \
                 on {address}.",
                found.name,
                self.scope.place.account,
                terms.shared_names()
            ),
        )
        .at(address.path().attribute(common::NAME))
    }

    /// The error for an object that another stack has.
    fn foreign(&self, address: &Address, found: &LiveObject, adopts: bool) -> Diagnostic {
        let (noun, label) = (address.kind.noun(), address.kind.terms().labels().noun);
        let title =
            if adopts { format!("The {noun} belongs to another stack") } else { format!("The {noun} exists already") };
        let owner = labels::other_owner(address.kind.terms(), &found.tree, self.scope).unwrap_or_default();
        Diagnostic::error(
            title,
            format!(
                "{address}: {} is there, and bears the {label} {} = {owner:?}, so it is left alone.\n\nTo move it to this stack, \
                 have that one release it: set deletion_policy = \"ABANDON\" on its component and apply, then remove the \
                 component and apply, which takes the {label} off. Then set adopt = true on {address}. To leave the {noun} where \
                 it is, set another name.",
                found.name,
                labels::STACK_STAMP
            ),
        )
        .at(address.path())
    }

    /// The error for an object with this stack's stamp that a stack without a state would change.
    fn differs(&self, address: &Address, found: &LiveObject, difference: &str) -> Diagnostic {
        let noun = address.kind.noun();
        let id = self.import_id();
        Diagnostic::error(
            format!("The {noun} belongs to a stack of the same name"),
            format!(
                "{address}: {} bears the stamp of stack {:?}, but Terraform has no state of that stack here, and the {noun} is \
                 not what would be created ({difference}). It is left alone.\n\nIf this configuration is a copy, give its stack \
                 another name. If the state was lost, import the stack: terraform import {}.RESOURCE '{id}'.",
                found.name,
                self.scope.stack,
                address.kind.terms().resource(),
            ),
        )
        .at(address.path())
    }
}

/// An object beside what would be created.
struct Compared<'a> {
    /// The object, as far as it is compared.
    known: Dynamic,
    /// What would be created.
    wanted: Dynamic,
    /// The attributes that differ.
    changed: Vec<&'a Attribute>,
}

/// Compares an object with what would be created. What is not known yet, what cannot be read, and what others have added to
/// shared maps, counts as equal, and so does what an adopting configuration is silent about; children and grants come later.
fn compare<'a>(address: &'a Address, wanted: &Dynamic, found: &LiveObject) -> Compared<'a> {
    let object = address.kind.object();
    let mut known = wire::aligned(object, wanted, &found.tree);
    let mut wanted = wanted.clone();
    for attribute in &object.attributes {
        let name = &attribute.name;
        let is_left = common::adopts(&wanted) && wanted.get(name).is_null();
        let is_untold = is_left || attribute.write_only || wire::children(attribute).is_some();
        if is_untold || !wanted.get(name).is_wholly_known() {
            tree::set(&mut wanted, name.clone(), known.get(name).clone());
        } else if let (Some(OwnKeys), Dynamic::Set(_)) = (attribute.extensions.get(), found.tree.get(name)) {
            let tracked = labels::tracked(found.tree.get(name), wanted.get(name));
            tree::set(&mut known, name.clone(), tracked);
        } else if attribute.extensions.get::<OwnKeys>().is_some() {
            let mut own = tree::strings(wanted.get(name));
            own.retain(|key, _| !labels::is_stamp(key));
            let tracked = labels::tracked(found.tree.get(name), &tree::string_map(&own));
            if attribute.extensions.get::<Inner>().is_some() {
                // They are objects of their own, and come later as children do.
                let made = tree::strings(&tracked);
                own.retain(|key, _| made.contains_key(key));
            }
            tree::set(&mut wanted, name.clone(), tree::string_map(&own));
            tree::set(&mut known, name.clone(), tracked);
        }
    }
    let wanted = effective::settle(&wanted, &known);
    let changed = effective::changed(address, &known, &wanted);
    Compared { known, wanted, changed }
}

/// What differs in the objects inside an adopted one which its component has as well. What nobody speaks of stays.
fn inside(
    address: &Address,
    attribute: &Attribute,
    wanted: &Dynamic,
    found: &LiveObject,
) -> Result<Vec<String>, Box<Diagnostic>> {
    let Some(object) = wire::children(attribute) else { return Ok(Vec::new()) };
    let known = wire::aligned(address.kind.object(), wanted, &found.tree);
    let mut differences = Vec::new();
    for (key, there) in known.get(&attribute.name).as_entries().into_iter().flatten() {
        let child = wanted.get(&attribute.name).get(key);
        let place = format!("{}[{:?}]", attribute.name, key.as_str());
        for inner in object.attributes.iter().filter(|inner| inner.presence.is_configurable() && !inner.write_only) {
            let (is, wanted) = (there.get(&inner.name), child.get(&inner.name));
            let is_told = !wanted.is_null() && wanted.is_wholly_known() && inner.extensions.get::<Wire>().is_some();
            if !is_told || wire::equal(inner, wanted, is) {
                continue;
            }
            if inner.extensions.get::<Immutable>().is_some() {
                return Err(Box::new(child_not_adopted(address, (attribute, key.as_str(), inner), there, child)));
            }
            differences.push(format!("{place}.{}", difference(inner, there, child)));
        }
    }
    Ok(differences)
}

/// Why the API would refuse what the adoption makes of the object, if the kind knows.
fn refused(address: &Address, wanted: &Dynamic, found: &LiveObject) -> Option<Diagnostic> {
    let before = wire::aligned(address.kind.object(), wanted, &found.tree);
    let mut after = effective::settle(wanted, &before);
    // What is inside is judged by what is said of it: of which kind a provider shall be.
    effective::keep_silent_in(address.kind.object(), &before, &mut after);
    let mut problems = Diagnostics::new();
    address.kind.validate_change(&before, &after, &address.path(), &mut problems);
    problems.into_iter().find(|problem| problem.severity == Severity::Error)
}

/// The attributes of which nobody can say yet whether they differ.
fn open(address: &Address, wanted: &Dynamic) -> Vec<String> {
    let attributes = address.kind.object().attributes.iter();
    // What else may be unknown is left to the object.
    let is_said = |attribute: &&Attribute| matches!(attribute.presence, Presence::Optional | Presence::Required);
    let is_open = |attribute: &&Attribute| {
        !attribute.write_only && wire::children(attribute).is_none() && !wanted.get(&attribute.name).is_wholly_known()
    };
    attributes
        .filter(is_said)
        .filter(is_open)
        .map(|one| format!("{}: what is wanted is not known yet", one.name))
        .collect()
}

/// The secrets that are not sent, because the object has values for them already.
fn unsent(address: &Address, wanted: &Dynamic, found: &LiveObject) -> Vec<String> {
    let kind = address.kind;
    let is_versioned = |secret: &&Attribute| secret.write_only && !wanted.get(&secrets::version_of(secret)).is_null();
    let secrets = kind.object().attributes.iter().filter(is_versioned);
    let secrets = secrets.filter(|_| kind.holds_secrets(&found.body)).map(|secret| &secret.name);
    secrets
        .map(|name| {
            format!("{name} is not sent, as there is a value: to send it, change {name}_version in a later apply")
        })
        .collect()
}

/// The attributes in which an object differs from what would be created, each with both values.
pub(crate) fn differences(address: &Address, wanted: &Dynamic, found: &LiveObject) -> Vec<String> {
    let Compared { known, wanted, changed } = compare(address, wanted, found);
    changed.into_iter().map(|attribute| difference(attribute, &known, &wanted)).collect()
}

/// The error for an object that cannot become what the configuration says.
fn not_adopted(address: &Address, fixed: &Attribute, known: &Dynamic, wanted: &Dynamic) -> Diagnostic {
    let (noun, name) = (address.kind.noun(), &fixed.name);
    Diagnostic::error(
        format!("The {noun} cannot be adopted"),
        format!(
            "{address} has adopt = true, and the {noun} is there with another {name}, which cannot be changed ({}). Set {name} \
             to what is there, or give {address} another name.",
            difference(fixed, known, wanted)
        ),
    )
    .at(address.path().attribute(name.clone()))
}

/// The error for an object inside one to be adopted that cannot become what the configuration says.
fn child_not_adopted(
    address: &Address,
    (attribute, key, fixed): (&Attribute, &str, &Attribute),
    known: &Dynamic,
    wanted: &Dynamic,
) -> Diagnostic {
    let (noun, name) = (address.kind.noun(), &fixed.name);
    let place = format!("{address}.{}[{key:?}]", attribute.name);
    Diagnostic::error(
        format!("The {noun} cannot be adopted"),
        format!(
            "{address} has adopt = true, and {place} is there with another {name}, which cannot be changed ({}). Set {name} to \
             what is there, or give {place} another name.",
            difference(fixed, known, wanted)
        ),
    )
    .at(address.path().attribute(attribute.name.clone()).key(key).attribute(name.clone()))
}

/// The error for a component whose title does not tell which object it adopts.
fn ambiguous(address: &Address, title: &str, what: &str) -> Diagnostic {
    let noun = address.kind.noun();
    Diagnostic::error(
        format!("The {noun} cannot be adopted"),
        format!(
            "{address} has adopt = true, and {title:?} is the title of {what}, so that it does not tell which {noun} is meant. Give \
             the {noun} a title of its own in the cloud and here, or import it by its id."
        ),
    )
    .at(address.path())
}

/// An attribute with both values, without what people keep in free text.
fn difference(attribute: &Attribute, known: &Dynamic, wanted: &Dynamic) -> String {
    let name = &attribute.name;
    if is_hidden(attribute) {
        return name.to_string();
    }
    format!("{name}: {} is there, {} is wanted", spell(known.get(name)), spell(wanted.get(name)))
}

/// Components to be created of one collection: what they would be, and what tells their objects, the name or else the title.
type Wanted<'s> = Vec<(&'s Address, Dynamic, String)>;

/// What was seen of the objects that are there already.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// What a plan says of them.
    pub(crate) diagnostics: Diagnostics,
    /// The components whose objects an interrupted run has left before it could stamp them.
    pub(crate) unstamped: BTreeSet<Address>,
}

/// What a plan says of the objects that are there already; `skip` are components whose objects are known.
pub(crate) async fn creations<'s>(
    run: &Run,
    cloud: &'static dyn Cloud,
    steps: impl IntoIterator<Item = &'s Step>,
    planned: &Components,
    is_without_state: bool,
    skip: &Components,
) -> Sight {
    let mut collections: BTreeMap<(&str, String), Wanted<'s>> = BTreeMap::new();
    for step in steps.into_iter().filter(|step| step.action == Action::Create && !skip.contains_key(&step.address)) {
        let (address, kind) = (&step.address, step.address.kind);
        let Some(component) = &step.planned else { continue };
        let wanted = effective::effective(address, component, planned, &run.scope);
        let name = if kind.is_named_by_cloud() { kind.title(&wanted) } else { kind.object_name(&wanted, &run.scope) };
        if let Some(name) = name {
            let place = kind.objects().collection(&wanted, &run.scope).place;
            collections.entry((kind.name(), place)).or_default().push((address, wanted, name));
        }
    }
    let none = BTreeSet::new();
    let look = Look { cloud, scope: &run.scope, is_without_state, unstamped: &none };
    let looks = collections.into_iter().map(|((_, place), wanted)| look_at(run, &look, place, wanted));
    let mut diagnostics = Diagnostics::new();
    let mut lines = Lines::default();
    for (errors, more) in join_all(looks).await {
        diagnostics.extend(errors);
        lines.taken_over.extend(more.taken_over);
        lines.adopted.extend(more.adopted);
        lines.untouched.extend(more.untouched);
        lines.is_interrupted |= more.is_interrupted;
    }
    let mut unstamped = BTreeSet::new();
    for Untouched { address, line, problem } in std::mem::take(&mut lines.untouched) {
        if lines.is_interrupted {
            lines.unstamped.push(line);
            unstamped.insert(address);
        } else {
            diagnostics.push(problem);
        }
    }
    if !diagnostics.has_error() {
        diagnostics.extend(lines.warnings());
    }
    Sight { diagnostics, unstamped }
}

/// What a plan says of objects that will be the stack's, a line each.
#[derive(Default)]
struct Lines {
    taken_over: Vec<String>,
    adopted: Vec<String>,
    /// Objects that nobody has said anything of yet.
    untouched: Vec<Untouched>,
    /// Those of them that an interrupted run has left.
    unstamped: Vec<String>,
    /// Whether there are objects with the stack's stamp, of which no state knows: some run was interrupted.
    is_interrupted: bool,
}

/// An object as the first call of a creation leaves it.
struct Untouched {
    address: Address,
    line: String,
    /// What is to be said of it where nothing else tells of an interrupted run.
    problem: Diagnostic,
}

impl Lines {
    fn warnings(&self) -> Diagnostics {
        let mut warnings = Diagnostics::new();
        let mut warn = |lines: &[String], will: &str, why: &str| {
            if !lines.is_empty() {
                let plural = if lines.len() == 1 { "" } else { "s" };
                let title = format!("{} object{plural} will be {will}", lines.len());
                warnings.push(Diagnostic::warning(title, format!("{why}\n\n{}", lines.join("\n"))));
            }
        };
        warn(
            &self.taken_over,
            "taken over",
            "They are there already and are exactly what would be created, as an interrupted apply leaves them. The stack \
             manages them from then on as imported ones: it never deletes them.",
        );
        warn(
            &self.unstamped,
            "gone on with",
            "They are there already, without any tag or setting, as an apply leaves them that is interrupted right after their \
             creation; other objects bear this stack's stamp, so that there was one. The stack manages them as its own.",
        );
        warn(
            &self.adopted,
            "adopted",
            "They are there already, and their components have adopt = true. The stack manages them from then on as imported \
             ones: it never deletes them. What the configuration says is written; what it is silent about stays as it is.",
        );
        warnings
    }
}

async fn look_at(run: &Run, look: &Look<'_>, place: String, wanted: Wanted<'_>) -> (Diagnostics, Lines) {
    let mut diagnostics = Diagnostics::new();
    let mut lines = Lines::default();
    let Some(kind) = wanted.first().map(|(address, ..)| address.kind) else { return (diagnostics, lines) };
    let is_titled = kind.is_named_by_cloud();
    let (found, is_whole): (Vec<LiveObject>, bool) = match wanted.as_slice() {
        wanted if !is_titled && (wanted.len() == 1 || kind.objects().are_read_by_name()) => {
            let reads = join_all(wanted.iter().map(|(_, _, name)| kind.read(run, name))).await;
            (reads.into_iter().filter_map(|found| found.ok().flatten()).collect(), true)
        }
        _ => (kind.list(run, &place, Detail::Tree).await.unwrap_or_default(), false),
    };
    let mut adopted: BTreeMap<String, &Address> = BTreeMap::new();
    for (address, wanted, name) in &wanted {
        let adopts = common::adopts(wanted);
        let is_it = |found: &&LiveObject| match is_titled {
            true => kind.title(&found.tree).as_deref() == Some(name),
            false => found.name == *name,
        };
        for found in found.iter().filter(is_it) {
            let line = || format!("- {address}: {}", kind.objects().full_name(&found.name, &run.scope.place));
            // A list may leave out what is inside.
            let untouched = kind.untouched().filter(|_| look.is_without_state && !adopts);
            let whole = if (adopts || untouched.is_some()) && !is_whole {
                kind.read(run, &found.name).await.ok().flatten()
            } else {
                None
            };
            let found = whole.as_ref().unwrap_or(found);
            match look.meet(run, address, wanted, found).await {
                Verdict::InTheWay(problem) if untouched.is_some_and(|is_untouched| is_untouched(&found.body)) => {
                    lines.untouched.push(Untouched { address: (*address).clone(), line: line(), problem: *problem });
                }
                Verdict::InTheWay(problem) => diagnostics.push(*problem),
                Verdict::TakenOver => lines.taken_over.push(line()),
                // Two of one title, in the cloud or in the stack: which is which, nobody has said.
                Verdict::Adopted(_) if is_titled && adopted.values().any(|other| other == address) => {
                    diagnostics.push(ambiguous(address, name, "more than one"));
                }
                Verdict::Adopted(_) if adopted.contains_key(&found.name) => {
                    diagnostics.push(ambiguous(address, name, "one that another component adopts"));
                }
                Verdict::Adopted(differences) if differences.is_empty() => {
                    adopted.insert(found.name.clone(), address);
                    lines.adopted.push(format!("{}; nothing differs", line()));
                }
                Verdict::Adopted(differences) => {
                    adopted.insert(found.name.clone(), address);
                    lines.adopted.push(format!("{}; {}", line(), differences.join("; ")));
                }
                Verdict::Resumed => lines.is_interrupted = true,
                Verdict::Another => {}
            }
        }
    }
    (diagnostics, lines)
}
