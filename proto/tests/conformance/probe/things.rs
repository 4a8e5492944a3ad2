//! The resource `probe_thing`, which does wrong what its attribute `ctl` says.

use tfplugin::resource::*;
use tfplugin::{Context, Diagnostic, Diagnostics, Path, Private, Resource, Value};

use super::minutes::canonical;
use super::remote::Remote;
use super::thing::{Rule, Thing};

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
