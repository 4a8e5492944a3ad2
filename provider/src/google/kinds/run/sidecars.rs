//! The containers beside the main one, by name. The API has all in one list, whose order means nothing here: those that stay keep
//! their place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Value as Json, json};
use tfplugin::{Dynamic, Entries, Object, ObjectSchema, Value};

use super::container::{Container, container_object};
use super::paths::{Paths, container_paths};
use super::probe::{Probe, ProbeAt};
use super::volumes::{self, Volume, VolumePaths, array, name_of};
use crate::engine::marks::{Codec, Silent, WhenSilent, wire_with};
use crate::engine::wire;

/// A container as an element of the list.
const ELEMENT: Paths = container_paths!("");

/// What all sidecars have. Cloud Run sizes those that do not say by how many containers there are.
macro_rules! sidecar {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($own:tt)* }) => {
        container_object! {
            at "", paths ELEMENT,
            cpu [optional, computed, ext(WhenSilent(size))] " Cloud Run sets it when nothing is said; from then on it stays as it is.",
            memory [optional, computed, ext(WhenSilent(size))] " Cloud Run sets it when nothing is said; from then on it stays as it is.",
            volumes [],
            $(#[$meta])*
            $vis struct $name { $($own)* }
        }
    };
}

sidecar! {
    /// A container beside the main one. It has no port, and shares the network and the volumes of the same name with the others.
    #[derive(Object, Clone)]
    #[tf(nested)]
    pub(in crate::google::kinds) struct Sidecar {
        /// What must succeed before the containers that depend on this one start: all its checks together within `240s`.
        /// None when absent.
        #[tf(optional, ext(wire_with(&ProbeAt(ELEMENT.startup_probe))))]
        pub(in crate::google::kinds) startup_probe: Value<Probe>,
        /// What must keep succeeding, or the container is restarted. None when absent.
        #[tf(optional, ext(wire_with(&ProbeAt(ELEMENT.liveness_probe))))]
        pub(in crate::google::kinds) liveness_probe: Value<Probe>,
    }
}

sidecar! {
    /// A container beside a job's main one. It shares the network and the volumes of the same name with the others.
    #[derive(Object, Clone)]
    #[tf(nested)]
    pub(in crate::google::kinds) struct JobSidecar {
        /// What must succeed before the containers that depend on this one start: all its checks together within `240s`.
        /// None when absent.
        #[tf(optional, ext(wire_with(&ProbeAt(ELEMENT.startup_probe))))]
        pub(in crate::google::kinds) startup_probe: Value<Probe>,
    }
}

/// A container beside the main one, whatever it may have.
pub(in crate::google::kinds) trait Beside {
    /// What it has in common with all containers.
    fn whole(&self) -> Container<'_>;
    /// What it waits for.
    fn depends_on(&self) -> &Value<BTreeSet<String>>;
    /// Its volumes.
    fn volumes(&self) -> &Value<BTreeMap<String, Volume>>;
    /// What must succeed before others start.
    fn startup_probe(&self) -> &Value<Probe>;
    /// What must keep succeeding, where it can have that.
    fn liveness_probe(&self) -> Option<&Value<Probe>>;
}

macro_rules! beside {
    ($sidecar:ty, |$this:ident| $liveness:expr) => {
        impl Beside for $sidecar {
            fn whole(&self) -> Container<'_> {
                self.container()
            }
            fn depends_on(&self) -> &Value<BTreeSet<String>> {
                &self.depends_on
            }
            fn volumes(&self) -> &Value<BTreeMap<String, Volume>> {
                &self.volumes
            }
            fn startup_probe(&self) -> &Value<Probe> {
                &self.startup_probe
            }
            fn liveness_probe(&self) -> Option<&Value<Probe>> {
                let $this = self;
                $liveness
            }
        }
    };
}

beside!(Sidecar, |sidecar| Some(&sidecar.liveness_probe));
beside!(JobSidecar, |_sidecar| None);

fn size(silent: &Silent<'_>) -> Dynamic {
    if silent.value.is_null() && silent.before.is_null() { Dynamic::Unknown } else { silent.value.clone() }
}

/// What a sidecar of a service is.
pub(in crate::google::kinds) fn of_service() -> &'static ObjectSchema {
    static SCHEMA: LazyLock<ObjectSchema> = LazyLock::new(Sidecar::schema);
    &SCHEMA
}

/// What a sidecar of a job is.
pub(in crate::google::kinds) fn of_job() -> &'static ObjectSchema {
    static SCHEMA: LazyLock<ObjectSchema> = LazyLock::new(JobSidecar::schema);
    &SCHEMA
}

/// The sidecars of a template.
pub(in crate::google::kinds) struct Sidecars {
    /// Where the containers and volumes are.
    pub(in crate::google::kinds) paths: VolumePaths,
    /// What one of them is.
    pub(in crate::google::kinds) schema: fn() -> &'static ObjectSchema,
    /// What a change touches.
    pub(in crate::google::kinds) masks: &'static [&'static str],
    /// What a sidecar says.
    pub(in crate::google::kinds) expresses: &'static [&'static str],
}

/// The [`Sidecars`] of a template, each of which is a `schema`.
macro_rules! sidecars {
    ($template:tt, $schema:path) => {
        $crate::google::kinds::run::sidecars::Sidecars {
            paths: $crate::google::kinds::run::volumes::volume_paths!($template),
            schema: $schema,
            masks: &[concat!($template, ".containers"), concat!($template, ".volumes")],
            expresses: $crate::google::kinds::run::sidecars::sidecars!(@said $template
                "name" "image" "command" "args" "dependsOn" "resources.limits" "resources.cpuIdle"
                "env.*.name" "env.*.value" "env.*.valueSource.secretKeyRef.secret" "env.*.valueSource.secretKeyRef.version"
                "volumeMounts.*.name" "volumeMounts.*.mountPath" "volumeMounts.*.subPath"
                "startupProbe.initialDelaySeconds" "startupProbe.periodSeconds" "startupProbe.timeoutSeconds"
                "startupProbe.failureThreshold" "startupProbe.httpGet.path" "startupProbe.httpGet.port"
                "startupProbe.httpGet.httpHeaders.*.name" "startupProbe.httpGet.httpHeaders.*.value"
                "startupProbe.tcpSocket.port" "startupProbe.grpc.port" "startupProbe.grpc.service"
                "livenessProbe.initialDelaySeconds" "livenessProbe.periodSeconds" "livenessProbe.timeoutSeconds"
                "livenessProbe.failureThreshold" "livenessProbe.httpGet.path" "livenessProbe.httpGet.port"
                "livenessProbe.httpGet.httpHeaders.*.name" "livenessProbe.httpGet.httpHeaders.*.value"
                "livenessProbe.tcpSocket.port" "livenessProbe.grpc.port" "livenessProbe.grpc.service"
            ),
        }
    };
    (@said $template:tt $($field:tt)*) => { &[$(concat!($template, ".containers.*.", $field)),*] };
}
pub(in crate::google::kinds) use sidecars;

impl Sidecars {
    /// The container as an element that is there is made to say what is wanted, and all else in it stays.
    fn revise(&self, container: &mut Json, wanted: &Dynamic) {
        let was = wire::read((self.schema)(), container);
        wire::update((self.schema)(), &was, wanted, container);
    }
}

impl Codec for Sidecars {
    fn read(&self, body: &Json) -> Dynamic {
        let main = volumes::main_of(body, &self.paths);
        let sources = array(body, self.paths.sources);
        let mut sidecars = Entries::default();
        for (index, container) in array(body, self.paths.containers).iter().enumerate() {
            if Some(index) == main || name_of(container).is_empty() {
                continue;
            }
            let mut sidecar = wire::read((self.schema)(), container);
            if let Some(fields) = sidecar.as_entries_mut() {
                fields.insert("volumes".to_owned(), volumes::read_in(container, sources));
            }
            sidecars.insert(name_of(container).to_owned(), sidecar);
        }
        if sidecars.is_empty() { Dynamic::Null } else { Dynamic::Map(sidecars) }
    }

    fn write(&self, value: &Dynamic, body: &mut Json) {
        let wanted = value.as_entries().unwrap_or(Entries::none());
        let before = array(body, self.paths.containers).to_vec();
        let main = volumes::main_of(body, &self.paths).unwrap_or_default();
        let mut sources = array(body, self.paths.sources).to_vec();
        let stays = |index: usize, container: &Json| {
            index == main || name_of(container).is_empty() || wanted.contains_key(name_of(container))
        };
        let mut after: Vec<Json> = before
            .iter()
            .enumerate()
            .filter(|(index, container)| stays(*index, container))
            .map(|(_, c)| c.clone())
            .collect();
        // The main one comes first in a new list: what is written to it must find it.
        if after.is_empty() {
            after.push(json!({}));
        }
        for (name, sidecar) in wanted {
            let index = after.iter().position(|container| name_of(container) == name.as_str());
            let index = index.unwrap_or_else(|| {
                let mut container = wire::create((self.schema)(), sidecar);
                container["name"] = Json::from(name.as_str());
                after.push(container);
                after.len() - 1
            });
            let others = volumes::mounted_by_others(&after, index);
            let Some(container) = after.get_mut(index) else { continue };
            self.revise(container, sidecar);
            volumes::write_in(container, &mut sources, sidecar.get("volumes"), &others);
        }
        let mounted = |containers: &[Json]| volumes::mounted_by_others(containers, usize::MAX);
        let gone: BTreeSet<String> = mounted(&before).difference(&mounted(&after)).cloned().collect();
        sources.retain(|source| !gone.contains(name_of(source)));
        wire::put(body, self.paths.containers, Json::Array(after));
        wire::put(body, self.paths.sources, volumes::list(sources));
    }

    fn masks(&self) -> &'static [&'static str] {
        self.masks
    }

    fn expresses(&self) -> &'static [&'static str] {
        self.expresses
    }

    fn leaves_out(&self, body: &Json) -> Vec<String> {
        let main = volumes::main_of(body, &self.paths);
        let sources = array(body, self.paths.sources);
        let containers = array(body, self.paths.containers).iter().enumerate();
        let sidecars = containers.filter(|(index, _)| Some(*index) != main);
        let left_out = sidecars.flat_map(|(index, container)| {
            let at = format!("{}[{index}]", self.paths.containers);
            if name_of(container).is_empty() { vec![at] } else { volumes::left_out(container, sources, &at) }
        });
        left_out.collect()
    }
}

/// A container of several has a name. The main one's is Cloud Run's where nothing says it.
pub(in crate::google::kinds) fn name_of_main(silent: &Silent<'_>) -> Dynamic {
    let sidecars = silent.component.get("containers");
    let has_sidecars = sidecars.is_unknown() || sidecars.as_entries().is_some_and(|sidecars| !sidecars.is_empty());
    if silent.value.is_null() && has_sidecars { Dynamic::Unknown } else { silent.value.clone() }
}

/// CPU is allocated to all containers of an instance alike: a new sidecar has what the main one has, and all follow it where it
/// changes. `current` is the object as it is; those that others have added stay as they are.
pub(in crate::google::kinds) fn follow_main(current: &Json, body: &mut Json, paths: &VolumePaths) {
    let idle = |of: &Json| wire::get(of, paths.main).and_then(|main| wire::get(main, "resources.cpuIdle")).cloned();
    let wanted = idle(body);
    let there: BTreeSet<&str> = array(current, paths.containers).iter().map(name_of).collect();
    let has_changed = idle(current) != wanted;
    let (main, mut containers) = (volumes::main_of(body, paths), array(body, paths.containers).to_vec());
    for (index, container) in containers.iter_mut().enumerate() {
        let follows = Some(index) != main && (has_changed || !there.contains(name_of(container)));
        if follows && (wanted.is_some() || wire::get(container, "resources").is_some()) {
            wire::put(container, "resources.cpuIdle", wanted.clone().unwrap_or_default());
        }
    }
    wire::put(body, paths.containers, volumes::list(containers));
}
