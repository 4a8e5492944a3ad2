//! A provider that does as it is told, wrong things too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use tfplugin::data_source::{ReadDataRequest, ReadDataResponse};
use tfplugin::function::{FunctionError, Parameter, Signature, Variadic};
use tfplugin::provider::ConfigureRequest;
use tfplugin::resource::*;
use tfplugin::{
    Choice, Context, DataSource, Diagnostic, Diagnostics, Dynamic, Function, Number, Object, Path, Private, Provider,
    Registry, Resource, Scalar, Value,
};
use tokio::sync::Barrier;

/// A length of time: `60m` and `1h` are equal.
#[derive(Clone, Debug)]
pub(crate) struct Minutes {
    spelling: String,
    minutes: u32,
}

impl PartialEq for Minutes {
    fn eq(&self, other: &Self) -> bool {
        self.minutes == other.minutes
    }
}

impl Eq for Minutes {}

impl PartialOrd for Minutes {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Minutes {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.minutes.cmp(&other.minutes)
    }
}

#[derive(Debug)]
pub(crate) struct NoMinutes;

impl fmt::Display for NoMinutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write minutes or hours, like 90m or 2h")
    }
}

impl Scalar for Minutes {
    type Repr = String;
    type Error = NoMinutes;
    fn parse(spelling: String) -> Result<Self, NoMinutes> {
        let (number, unit) = spelling.split_at_checked(spelling.len().saturating_sub(1)).ok_or(NoMinutes)?;
        let number: u32 = number.parse().map_err(|_| NoMinutes)?;
        let minutes = match unit {
            "m" => number,
            "h" => number * 60,
            _ => return Err(NoMinutes),
        };
        Ok(Self { spelling, minutes })
    }
    fn repr(&self) -> String {
        self.spelling.clone()
    }
}

tfplugin::scalar!(Minutes);

/// As the API spells it.
fn canonical(value: &Value<Minutes>) -> Value<Minutes> {
    value.clone().map(|value| Minutes { spelling: format!("{}m", value.minutes), ..value })
}

/// A kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Choice)]
pub(crate) enum Kind {
    /// Small.
    Small,
    /// Large.
    Large,
}

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Object)]
#[tf(nested)]
pub(crate) struct Rule {
    /// After which time.
    #[tf(required)]
    pub after: Value<Minutes>,
    /// How often.
    #[tf(default = 1)]
    pub times: Value<i64>,
    /// Known to the server.
    #[tf(optional, computed)]
    pub label: Value<String>,
    /// Made by the server.
    #[tf(computed)]
    pub uid: Value<String>,
}

/// A thing.
#[derive(Clone, Debug, Default, PartialEq, Object)]
pub(crate) struct Thing {
    /// Made by the server.
    #[tf(computed, ext(tfplugin::schema::Stable))]
    pub id: Value<String>,
    /// Its name.
    #[tf(required)]
    pub name: Value<String>,
    /// What the provider does wrong.
    #[tf(optional)]
    pub ctl: Value<String>,
    /// How long it lives.
    #[tf(default = "1h")]
    pub ttl: Value<Minutes>,
    /// A note.
    #[tf(optional)]
    pub note: Value<String>,
    /// A colour; the server has one.
    #[tf(optional, computed)]
    pub color: Value<String>,
    /// Where it is.
    #[tf(optional, requires_replace)]
    pub region: Value<String>,
    /// A secret.
    #[tf(optional, write_only)]
    pub password_wo: Value<String>,
    /// Which secret.
    #[tf(optional)]
    pub password_wo_version: Value<i64>,
    /// Exact.
    #[tf(optional)]
    pub amounts: Value<Vec<Number>>,
    /// Anything.
    #[tf(optional)]
    pub any: Value<Dynamic>,
    /// What kind.
    #[tf(optional)]
    pub kind: Value<Kind>,
    /// Something old.
    #[tf(optional, deprecated = "Use note.")]
    pub old: Value<String>,
    /// Where it may be.
    #[tf(optional)]
    pub zones: Value<BTreeSet<String>>,
    /// Times.
    #[tf(optional)]
    pub times: Value<BTreeMap<String, Minutes>>,
    /// How long to wait.
    #[tf(optional)]
    pub waits: Value<BTreeSet<Minutes>>,
    /// The main rule.
    #[tf(optional, computed)]
    pub main: Value<Rule>,
    /// Rules in order.
    #[tf(optional)]
    pub rules: Value<Vec<Rule>>,
    /// Rules by name.
    #[tf(optional)]
    pub named: Value<BTreeMap<String, Rule>>,
    /// Rules in no order.
    #[tf(optional)]
    pub pool: Value<Vec<Rule>>,
}

/// What the server has, and what was asked of the provider; and where crates with the label `together` wait until
/// [`TOGETHER`] of them are being made.
#[derive(Clone)]
pub(crate) struct Remote(pub Arc<Mutex<RemoteState>>, pub Arc<Barrier>);

/// As many as terraform works on at once.
pub(crate) const TOGETHER: usize = 10;

impl Default for Remote {
    fn default() -> Self {
        Self(Arc::default(), Arc::new(Barrier::new(TOGETHER)))
    }
}

#[derive(Default)]
pub(crate) struct RemoteState {
    pub things: BTreeMap<String, Thing>,
    pub crates: BTreeMap<String, Crate>,
    pub made: u32,
    pub log: Vec<String>,
    /// What reads, imports and deletes do wrong.
    pub fault: String,
    pub passwords: Vec<String>,
}

impl Remote {
    pub(crate) fn fault(&self, fault: &str) {
        self.0.lock().unwrap().fault = fault.to_owned();
    }

    pub(crate) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().log)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().things.len()
    }

    fn note(&self, entry: String) {
        self.0.lock().unwrap().log.push(entry);
    }

    /// Stores a thing, with everything that the server adds.
    fn store(&self, mut thing: Thing) -> Thing {
        let mut remote = self.0.lock().unwrap();
        let id = match thing.id.known() {
            Some(id) => id.clone(),
            None => {
                remote.made += 1;
                format!("id-{}", remote.made)
            }
        };
        thing.id = Value::Known(id.clone());
        fill(&mut thing.color, "grey");
        let rule = |rule: &mut Rule| {
            fill(&mut rule.label, "labelled");
            fill(&mut rule.uid, "uid");
        };
        match &mut thing.main {
            Value::Known(main) => rule(main),
            main if main.is_unknown() => *main = Value::Null,
            _ => {}
        }
        [&mut thing.rules, &mut thing.pool].into_iter().for_each(|rules| {
            if let Value::Known(rules) = rules {
                rules.iter_mut().for_each(rule);
            }
        });
        if let Value::Known(named) = &mut thing.named {
            named.values_mut().for_each(rule);
        }
        thing.password_wo = Value::Null;
        remote.things.insert(id, thing.clone());
        thing
    }
}

fn fill(value: &mut Value<String>, server: &str) {
    if value.is_unknown() || value.is_null() {
        *value = Value::Known(server.to_owned());
    }
}

/// Spells everything as the server does.
fn respelt(mut thing: Thing) -> Thing {
    thing.ttl = canonical(&thing.ttl);
    let rule = |mut rule: Rule| {
        rule.after = canonical(&rule.after);
        rule
    };
    let all = |rules: Vec<Rule>| rules.into_iter().map(rule).collect::<Vec<_>>();
    thing.main = thing.main.map(rule);
    thing.rules = thing.rules.map(all);
    thing.pool = thing.pool.map(all);
    thing.named = thing.named.map(|named| named.into_iter().map(|(key, value)| (key, rule(value))).collect());
    thing.times = thing.times.map(|times| {
        times.into_iter().map(|(key, value)| (key, canonical(&Value::Known(value)).into_known().unwrap())).collect()
    });
    thing
}

pub(crate) struct Things;

fn error(text: &str) -> Diagnostics {
    Diagnostic::error("The server refused", text).into()
}

fn ctl(thing: &Thing) -> &str {
    thing.ctl.known().map_or("", String::as_str)
}

impl Resource<Remote> for Things {
    type State = Thing;

    fn type_name(&self) -> &'static str {
        "probe_thing"
    }

    fn schema_version(&self) -> i64 {
        1
    }

    fn validate(&self, config: &Thing) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        if ctl(config) == "panic-validate" {
            panic!("told to");
        }
        if config.name.known().is_some_and(|name| name == "forbidden") {
            diagnostics.push(Diagnostic::error("Forbidden name", "Choose another.").at(Path::root().attribute("name")));
        }
        diagnostics
    }

    async fn plan(&self, request: PlanRequest<Thing>, context: Context<Remote>) -> PlanResponse<Thing> {
        if let Ok(remote) = context.client() {
            remote.note(format!("plan {:?} {}", request.action, text(&request.private)));
        }
        let action = request.action;
        let mut response = request.with_computed_unknown();
        if action == PlannedAction::Create {
            response.private.set("created_by", "plan");
        }
        if action == PlannedAction::Destroy {
            response.private.set("destroyed_by", "plan");
        }
        let Some(planned) = &mut response.planned else { return response };
        match ctl(planned).to_owned().as_str() {
            "plan-other" => planned.name = Value::Known("other".to_owned()),
            "plan-unknown" => planned.name = Value::Unknown,
            "plan-extra" => planned.note = Value::Known("not configured".to_owned()),
            "plan-longer" => {
                planned.rules = Value::Known(vec![Rule::default(), Rule::default()]);
            }
            "plan-nothing" => response.planned = None,
            "plan-secret" => planned.password_wo = Value::Known("hunter2".to_owned()),
            "plan-nowhere" => response.requires_replace.push(Path::root().attribute("rules").index(7)),
            "plan-replace" => response.requires_replace.push(Path::root().attribute("note")),
            "plan-panic" => panic!("told to"),
            _ => {}
        }
        response
    }

    async fn read(&self, request: ReadRequest<Thing>, context: Context<Remote>) -> ReadResponse<Thing> {
        let ReadRequest { state, private } = request;
        let remote = context.client().unwrap();
        remote.note(format!("read {}", text(&private)));
        let found = remote.0.lock().unwrap().things.get(state.id.known().map_or("", String::as_str)).cloned();
        let fault = remote.0.lock().unwrap().fault.clone();
        let respond = |state, diagnostics| ReadResponse { state, private, diagnostics };
        let Some(found) = found.map(respelt) else { return respond(None, Diagnostics::new()) };
        match fault.as_str() {
            "read-error" => respond(None, error("not now")),
            "read-unknown" => respond(Some(Thing { color: Value::Unknown, ..found }), Diagnostics::new()),
            "read-secret" => {
                respond(Some(Thing { password_wo: Value::Known("hunter2".to_owned()), ..found }), Diagnostics::new())
            }
            "read-panic" => panic!("told to"),
            _ => respond(Some(found), Diagnostics::new()),
        }
    }

    async fn create(&self, request: CreateRequest<Thing>, context: Context<Remote>) -> ApplyResponse<Thing> {
        let remote = context.client().unwrap();
        let CreateRequest { planned, config, mut private } = request;
        remote.note(format!("create {}", text(&private)));
        if let Some(password) = config.password_wo.known() {
            remote.0.lock().unwrap().passwords.push(password.clone());
        }
        let unfinished = planned.clone();
        let ctl = ctl(&planned).to_owned();
        if ctl == "create-refused" {
            return ApplyResponse { state: None, private, diagnostics: error("no room") };
        }
        let made = remote.store(planned);
        private.set("stored", true);
        let (state, diagnostics) = match ctl.as_str() {
            "create-half" => (Some(Thing { id: made.id, ..unfinished }), error("interrupted")),
            "create-silent" => (None, Diagnostics::new()),
            "create-other" => (Some(Thing { name: Value::Known("other".to_owned()), ..made }), Diagnostics::new()),
            "create-extra" => (Some(Thing { note: Value::Known("extra".to_owned()), ..made }), Diagnostics::new()),
            "create-unknown" => (Some(Thing { color: Value::Unknown, ..made }), Diagnostics::new()),
            "create-shorter" => (Some(Thing { rules: Value::Known(Vec::new()), ..made }), Diagnostics::new()),
            "create-secret" => {
                (Some(Thing { password_wo: Value::Known("hunter2".to_owned()), ..made }), Diagnostics::new())
            }
            "create-panic" => panic!("told to"),
            _ => (Some(respelt(made)), Diagnostics::new()),
        };
        ApplyResponse { state, private, diagnostics }
    }

    async fn update(&self, request: UpdateRequest<Thing>, context: Context<Remote>) -> ApplyResponse<Thing> {
        let remote = context.client().unwrap();
        let UpdateRequest { prior, planned, config, private } = request;
        remote.note(format!("update {}", text(&private)));
        if let Some(password) = config.password_wo.known() {
            remote.0.lock().unwrap().passwords.push(password.clone());
        }
        let (state, diagnostics) = match ctl(&planned) {
            "update-refused" => (None, error("no room")),
            "update-half" => {
                let half = Thing { note: planned.note, ..prior };
                (Some(remote.store(half)), error("interrupted"))
            }
            "update-silent" => (None, Diagnostics::new()),
            _ => (Some(respelt(remote.store(planned))), Diagnostics::new()),
        };
        ApplyResponse { state, private, diagnostics }
    }

    async fn delete(&self, request: DeleteRequest<Thing>, context: Context<Remote>) -> DeleteResponse<Thing> {
        let remote = context.client().unwrap();
        let DeleteRequest { state, private } = request;
        remote.note(format!("delete {}", text(&private)));
        let fault = remote.0.lock().unwrap().fault.clone();
        let respond = |remaining, diagnostics| DeleteResponse { remaining, private, diagnostics };
        match fault.as_str() {
            "delete-refused" => respond(None, error("in use")),
            "delete-half" => respond(Some(Thing { note: Value::Null, ..state }), error("in use")),
            _ => {
                remote.0.lock().unwrap().things.remove(state.id.known().map_or("", String::as_str));
                // Ignored on success.
                respond(Some(state), Diagnostics::new())
            }
        }
    }
}

fn text(private: &Private) -> String {
    String::from_utf8(private.to_bytes()).unwrap()
}

impl ImportState<Remote> for Things {
    async fn import(&self, request: ImportRequest, context: Context<Remote>) -> ImportResponse<Thing> {
        let mut private = Private::default();
        private.set("imported", true);
        let ImportId::Text(id) = request.id else {
            return ImportResponse { state: None, private, diagnostics: error("by identity?") };
        };
        let fault = context.client().unwrap().0.lock().unwrap().fault.clone();
        let thing = Thing { id: Value::Known(id), ..Thing::default() };
        let (state, diagnostics) = match fault.as_str() {
            "import-none" => (None, Diagnostics::new()),
            "import-error" => (None, error("write it as id-NUMBER")),
            "import-secret" => {
                (Some(Thing { password_wo: Value::Known("hunter2".to_owned()), ..thing }), Diagnostics::new())
            }
            "import-unknown" => (Some(Thing { name: Value::Unknown, ..thing }), Diagnostics::new()),
            _ => (Some(thing), Diagnostics::new()),
        };
        ImportResponse { state, private, diagnostics }
    }
}

impl UpgradeState<Remote> for Things {
    fn upgrade(&self, version: i64, mut state: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        assert_eq!(version, 0);
        // Version 0 had the name under another key.
        if let Some(name) = state.get("title").cloned() {
            state["name"] = name;
        }
        Ok(state)
    }
}

impl MoveState<Remote> for Things {
    fn move_state(&self, request: MoveRequest) -> Option<Result<Thing, Diagnostics>> {
        (request.source_type == "terraform_data").then(|| {
            let id = request.source_state["input"]["value"].as_str().map(str::to_owned);
            Ok(Thing { id: id.into(), ..Thing::default() })
        })
    }
}

/// An item in a crate.
#[derive(Clone, Debug, Default, PartialEq, Object)]
#[tf(nested)]
pub(crate) struct Item {
    /// Its key.
    #[tf(required)]
    pub key: Value<String>,
    /// Made by the server.
    #[tf(computed)]
    pub uid: Value<String>,
}

/// Where a crate is kept.
#[derive(Clone, Debug, Default, PartialEq, Object)]
#[tf(nested)]
pub(crate) struct Shelf {
    /// Which.
    #[tf(default = "top")]
    pub level: Value<String>,
}

/// A crate: in the old syntax, with blocks.
#[derive(Clone, Debug, Default, PartialEq, Object)]
pub(crate) struct Crate {
    /// Made by the server.
    #[tf(computed, ext(tfplugin::schema::Stable))]
    pub id: Value<String>,
    /// A label.
    #[tf(required)]
    pub label: Value<String>,
    /// In order.
    #[tf(block(min = 1, max = 3))]
    pub item: Vec<Item>,
    /// In no order.
    #[tf(block(set))]
    pub spare: Vec<Item>,
    /// By name.
    #[tf(block(map))]
    pub named: BTreeMap<String, Item>,
    /// At most one.
    #[tf(block(single))]
    pub lid: Option<Shelf>,
    /// Always there.
    #[tf(block(group))]
    pub shelf: Shelf,
}

/// What names a crate.
#[derive(Clone, Debug, Default, PartialEq, Object)]
pub(crate) struct CrateIdentity {
    /// Its id.
    #[tf(required)]
    pub id: Value<String>,
    /// Its house.
    #[tf(optional)]
    pub house: Value<String>,
}

pub(crate) struct Crates;

impl Crates {
    fn store(remote: &Remote, mut planned: Crate, id: Option<String>) -> Crate {
        let mut remote = remote.0.lock().unwrap();
        let id = id.unwrap_or_else(|| {
            remote.made += 1;
            format!("crate-{}", remote.made)
        });
        planned.id = Value::Known(id.clone());
        let items = planned.item.iter_mut().chain(&mut planned.spare).chain(planned.named.values_mut());
        items.for_each(|item| fill(&mut item.uid, "uid"));
        remote.crates.insert(id, planned.clone());
        planned
    }
}

impl Resource<Remote> for Crates {
    type State = Crate;

    fn type_name(&self) -> &'static str {
        "probe_crate"
    }

    async fn read(&self, request: ReadRequest<Crate>, context: Context<Remote>) -> ReadResponse<Crate> {
        let client = match context.client() {
            Ok(client) => client,
            Err(problem) => {
                return ReadResponse { state: None, private: request.private, diagnostics: problem.into() };
            }
        };
        let state = client.0.lock().unwrap().crates.get(request.state.id.known().unwrap()).cloned();
        ReadResponse { state, private: request.private, diagnostics: Diagnostics::new() }
    }

    async fn create(&self, request: CreateRequest<Crate>, context: Context<Remote>) -> ApplyResponse<Crate> {
        let made = Self::store(context.client().unwrap(), request.planned, None);
        if made.label.known().is_some_and(|label| label == "together") {
            let together = context.client().unwrap().1.clone();
            together.wait().await;
        }
        if made.label.known().is_some_and(|label| label == "slow") {
            context.stop().cancelled().await;
            let diagnostics = Diagnostic::error("Interrupted", "The crate exists.").into();
            return ApplyResponse { state: Some(made), private: request.private, diagnostics };
        }
        ApplyResponse { state: Some(made), private: request.private, diagnostics: Diagnostics::new() }
    }

    async fn update(&self, request: UpdateRequest<Crate>, context: Context<Remote>) -> ApplyResponse<Crate> {
        let id = request.prior.id.into_known();
        let made = Self::store(context.client().unwrap(), request.planned, id);
        ApplyResponse { state: Some(made), private: request.private, diagnostics: Diagnostics::new() }
    }

    async fn delete(&self, request: DeleteRequest<Crate>, context: Context<Remote>) -> DeleteResponse<Crate> {
        context.client().unwrap().0.lock().unwrap().crates.remove(request.state.id.known().unwrap());
        DeleteResponse { remaining: None, private: request.private, diagnostics: Diagnostics::new() }
    }
}

impl ImportState<Remote> for Crates {
    async fn import(&self, request: ImportRequest, _: Context<Remote>) -> ImportResponse<Crate> {
        let id = match request.id {
            ImportId::Text(id) => id,
            ImportId::Identity(identity) => identity.get("id").as_str().unwrap().to_owned(),
        };
        let state = Some(Crate { id: Value::Known(id), ..Crate::default() });
        ImportResponse { state, private: Private::default(), diagnostics: Diagnostics::new() }
    }
}

impl Identified<Remote> for Crates {
    type Identity = CrateIdentity;
    fn identity(&self, state: &Crate) -> Option<CrateIdentity> {
        Some(CrateIdentity { id: state.id.clone(), house: Value::Known("main".to_owned()) })
    }
}

impl GenerateConfig<Remote> for Crates {
    fn generate_config(&self, state: &Crate) -> Dynamic {
        state.encode()
    }
}

/// How many things there are.
#[derive(Clone, Debug, Default, PartialEq, Object)]
pub(crate) struct Count {
    /// Whose names begin so.
    #[tf(default = "")]
    pub prefix: Value<String>,
    /// A time, for its spelling.
    #[tf(optional)]
    pub since: Value<Minutes>,
    /// So many.
    #[tf(computed)]
    pub total: Value<i64>,
}

pub(crate) struct Counter;

impl DataSource<Remote> for Counter {
    type State = Count;

    fn type_name(&self) -> &'static str {
        "probe_count"
    }

    async fn read(&self, request: ReadDataRequest<Count>, context: Context<Remote>) -> ReadDataResponse<Count> {
        let Count { prefix, since, .. } = request.config;
        let wanted = prefix.known().cloned().unwrap();
        if wanted == "nothing" {
            return ReadDataResponse { state: None, diagnostics: Diagnostics::new() };
        }
        let remote = context.client().unwrap().0.lock().unwrap();
        let count =
            remote.things.values().filter(|thing| thing.name.known().is_some_and(|name| name.starts_with(&wanted)));
        let count = i64::try_from(count.count()).unwrap().into();
        let state = Count { prefix, since: canonical(&since), total: count };
        ReadDataResponse { state: Some(state), diagnostics: Diagnostics::new() }
    }
}

/// `probe::join`.
pub(crate) struct Join;

impl Function for Join {
    type Arguments = (String, Variadic<Value<String>>);
    type Output = String;

    fn name(&self) -> &'static str {
        "join"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Joins texts.".into(),
            description: "Puts the separator between them.".into(),
            parameters: vec![
                Parameter::new("separator", "What stands between."),
                Parameter::new("texts", "What is joined; null is left out.").nullable(),
            ],
            ..Signature::default()
        }
    }

    fn call(&self, (separator, texts): Self::Arguments) -> Result<String, FunctionError> {
        if separator == "panic" {
            panic!("told to");
        }
        let texts: Vec<_> = texts.0.into_iter().filter_map(Value::into_known).collect();
        match texts.iter().position(String::is_empty) {
            Some(index) => Err(FunctionError::argument(index + 1, "an empty text cannot be joined")),
            None => Ok(texts.join(&separator)),
        }
    }
}

/// The provider block.
#[derive(Clone, Debug, Default, PartialEq, Object)]
pub(crate) struct Config {
    /// Where the server is.
    #[tf(optional)]
    pub endpoint: Value<String>,
}

#[derive(Clone)]
pub(crate) struct Probe {
    pub remote: Remote,
}

impl Provider for Probe {
    type Config = Config;
    type Client = Remote;

    fn validate_files(&self, registry: &Registry<Remote>) -> Diagnostics {
        let knows = registry.resource_schema("probe_thing").and_then(|thing| thing.attribute("name")).is_some();
        assert!(knows && registry.data_source_schema("probe_thing").is_none());
        Diagnostic::error("In a file", "The files were read.").into()
    }

    async fn configure(&self, request: ConfigureRequest<Config>) -> (Option<Remote>, Diagnostics) {
        assert!(!request.terraform_version.is_empty());
        self.remote.note(format!("configure {:?}", request.config.endpoint));
        (Some(self.remote.clone()), Diagnostics::new())
    }

    fn register(&self, registry: &mut Registry<Remote>) {
        registry.resource(Things).importable().upgradable().movable();
        registry.resource(Crates).importable().identified().generates_config();
        registry.data_source(Counter);
        registry.function(Join);
    }
}
