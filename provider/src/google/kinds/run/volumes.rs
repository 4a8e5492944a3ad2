//! Volumes: the API has a list of sources in the template and a list of mounts in each container; the configuration has
//! one map of both.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use tfplugin::{Choice, Dynamic, Entries, Name, Number, Object, Value};

use super::names::CloudName;
use crate::engine::marks::{Codec, refers};
use crate::engine::wire;
use crate::types::Quantity;

/// Where the volumes of the main container are.
#[derive(Clone, Copy, Debug)]
pub(in crate::google::kinds) struct VolumePaths {
    pub(in crate::google::kinds) sources: &'static str,
    pub(in crate::google::kinds) containers: &'static str,
    pub(in crate::google::kinds) main: &'static str,
    pub(in crate::google::kinds) masks: &'static [&'static str],
    pub(in crate::google::kinds) expresses: &'static [&'static str],
}

impl VolumePaths {
    /// Where the containers are.
    pub(in crate::google::kinds) const fn containers(&self) -> &'static str {
        self.containers
    }
}

/// The [`VolumePaths`] of a template.
macro_rules! volume_paths {
    ($template:tt) => {
        $crate::google::kinds::run::volumes::VolumePaths {
            sources: concat!($template, ".volumes"),
            containers: concat!($template, ".containers"),
            main: concat!($template, ".containers[ports]"),
            masks: &[concat!($template, ".volumes"), concat!($template, ".containers[ports].volumeMounts")],
            expresses: &[
                concat!($template, ".volumes.*.name"),
                concat!($template, ".volumes.*.gcs.bucket"),
                concat!($template, ".volumes.*.gcs.mountOptions"),
                concat!($template, ".volumes.*.gcs.readOnly"),
                concat!($template, ".volumes.*.secret.secret"),
                concat!($template, ".volumes.*.secret.defaultMode"),
                concat!($template, ".volumes.*.secret.items.*.path"),
                concat!($template, ".volumes.*.secret.items.*.version"),
                concat!($template, ".volumes.*.cloudSqlInstance.instances"),
                concat!($template, ".volumes.*.emptyDir.medium"),
                concat!($template, ".volumes.*.emptyDir.sizeLimit"),
                concat!($template, ".volumes.*.nfs.server"),
                concat!($template, ".volumes.*.nfs.path"),
                concat!($template, ".volumes.*.nfs.readOnly"),
                concat!($template, ".containers[ports].volumeMounts.*.name"),
                concat!($template, ".containers[ports].volumeMounts.*.mountPath"),
                concat!($template, ".containers[ports].volumeMounts.*.subPath"),
            ],
        }
    };
}
pub(in crate::google::kinds) use volume_paths;

const MOUNTS: &str = "volumeMounts";

/// A volume and where it is mounted; further places where the container sees the same volume are left alone. Exactly one of `bucket`, `secret`, `cloud_sql_instances`, `empty_dir` and `nfs` is
/// set.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Volume {
    /// Where the container sees it: an absolute path without `:`. For Cloud SQL it must be `/cloudsql`.
    #[tf(required)]
    pub(in crate::google::kinds) mount_path: Value<String>,
    /// The part of the volume that is mounted. The whole when absent.
    #[tf(optional)]
    pub(in crate::google::kinds) sub_path: Value<String>,
    /// A Cloud Storage bucket, mounted with Cloud Storage FUSE: the KEY of one of this stack, or a bucket's name.
    #[tf(optional, ext(refers("buckets", "name")))]
    pub(in crate::google::kinds) bucket: Value<String>,
    /// Flags for Cloud Storage FUSE without the leading `--`: `implicit-dirs`. Only with `bucket`.
    #[tf(optional)]
    pub(in crate::google::kinds) mount_options: Value<BTreeSet<String>>,
    /// Whether the container may only read. Only with `bucket` and `nfs`.
    #[tf(default = false)]
    pub(in crate::google::kinds) read_only: Value<bool>,
    /// A secret as files: the KEY of one of this stack, its name in this project, or `projects/P/secrets/NAME`.
    #[tf(optional, ext(refers("secrets", "name")))]
    pub(in crate::google::kinds) secret: Value<CloudName>,
    /// Which versions become files of which names: a map from path to version. The latest version as a file of the secret's
    /// name when absent. Only with `secret`.
    #[tf(optional)]
    pub(in crate::google::kinds) items: Value<BTreeMap<String, String>>,
    /// The mode of the files as a decimal number: 256 is 0400, 292 is 0444. Only with `secret`.
    #[tf(optional)]
    pub(in crate::google::kinds) default_mode: Value<i64>,
    /// Cloud SQL instances whose sockets appear under the mount path: KEYs of `sql_instances` of this stack, or
    /// `PROJECT:REGION:INSTANCE`.
    #[tf(optional, ext(refers("sql_instances", "connection_name").named_as("PROJECT:REGION:INSTANCE", is_connection_name)))]
    pub(in crate::google::kinds) cloud_sql_instances: Value<BTreeSet<String>>,
    /// A directory that lives as long as the instance.
    #[tf(optional)]
    pub(in crate::google::kinds) empty_dir: Value<EmptyDir>,
    /// An NFS share.
    #[tf(optional)]
    pub(in crate::google::kinds) nfs: Value<Nfs>,
}

impl Volume {
    /// Whether both can be one volume, mounted in different places: what is known of their sources is the same.
    pub(super) fn is_same_source(&self, other: &Self) -> bool {
        fn agree<T: PartialEq>(a: &Value<T>, b: &Value<T>) -> bool {
            a.is_unknown() || b.is_unknown() || a.known() == b.known()
        }
        let dirs = match (self.empty_dir.known(), other.empty_dir.known()) {
            (Some(a), Some(b)) => agree(&a.medium, &b.medium) && agree(&a.size_limit, &b.size_limit),
            _ => self.empty_dir.is_null() == other.empty_dir.is_null(),
        };
        let shares = match (self.nfs.known(), other.nfs.known()) {
            (Some(a), Some(b)) => agree(&a.server, &b.server) && agree(&a.path, &b.path),
            _ => self.nfs.is_null() == other.nfs.is_null(),
        };
        dirs && shares
            && agree(&self.bucket, &other.bucket)
            && agree(&self.mount_options, &other.mount_options)
            && agree(&self.read_only, &other.read_only)
            && agree(&self.secret, &other.secret)
            && agree(&self.items, &other.items)
            && agree(&self.default_mode, &other.default_mode)
            && agree(&self.cloud_sql_instances, &other.cloud_sql_instances)
    }
}

/// Whether it could be what a Cloud SQL instance is called by those who connect; the project may have a domain in front.
pub(super) fn is_connection_name(text: &str) -> bool {
    text.split(':').filter(|part| !part.is_empty()).count() >= 3
}

/// A directory that lives as long as the instance.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct EmptyDir {
    /// Where it is kept: `MEMORY`, which counts as the instance's, or `DISK`.
    #[tf(default = "MEMORY")]
    pub(in crate::google::kinds) medium: Value<Medium>,
    /// How large it may grow: `256Mi`. Half of the instance's memory when absent.
    #[tf(optional)]
    pub(in crate::google::kinds) size_limit: Value<Quantity>,
}

/// An NFS share.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Nfs {
    /// The server's name or address.
    #[tf(required)]
    pub(in crate::google::kinds) server: Value<String>,
    /// The exported path.
    #[tf(required)]
    pub(in crate::google::kinds) path: Value<String>,
}

/// Where an empty directory is kept.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum Medium {
    /// In memory.
    Memory,
    /// On disk.
    Disk,
}

/// Both lists as one map, for the main container.
pub(in crate::google::kinds) struct Volumes(pub(in crate::google::kinds) VolumePaths);

pub(super) fn array<'j>(body: &'j Json, path: &str) -> &'j [Json] {
    wire::get(body, path).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn name_of(element: &Json) -> &str {
    element.get("name").and_then(Json::as_str).unwrap_or_default()
}

fn text(json: &Json, path: &str) -> Dynamic {
    let found = wire::get(json, path).and_then(Json::as_str).filter(|text| !text.is_empty());
    found.map_or(Dynamic::Null, Dynamic::string)
}

fn texts(json: &Json, path: &str) -> Dynamic {
    let elements = array(json, path).iter().filter_map(Json::as_str).map(Dynamic::string);
    match Dynamic::set(elements) {
        Dynamic::Set(elements) if elements.is_empty() => Dynamic::Null,
        set => set,
    }
}

fn object<const N: usize>(fields: [(&'static str, Dynamic); N]) -> Dynamic {
    Dynamic::Object(fields.into_iter().map(|(name, value)| (Name::fixed(name), value)).collect())
}

fn read_volume(mount: &Json, source: &Json) -> Dynamic {
    let flag = |path: &str| wire::get(source, path).and_then(Json::as_bool).unwrap_or(false);
    let items = array(source, "secret.items").iter().filter_map(|item| {
        let version = item.get("version").and_then(Json::as_str).unwrap_or("latest");
        Some((item.get("path")?.as_str()?.to_owned(), Dynamic::string(version)))
    });
    let items: Entries = items.collect();
    let mode = wire::get(source, "secret.defaultMode").and_then(Json::as_i64).filter(|mode| *mode != 0);
    let empty_dir = wire::get(source, "emptyDir").map_or(Dynamic::Null, |dir| {
        let medium = match text(dir, "medium") {
            Dynamic::String(medium) if medium != "MEDIUM_UNSPECIFIED" => Dynamic::String(medium),
            _ => Dynamic::string("MEMORY"),
        };
        object([("medium", medium), ("size_limit", text(dir, "sizeLimit"))])
    });
    let nfs = wire::get(source, "nfs")
        .map_or(Dynamic::Null, |nfs| object([("server", text(nfs, "server")), ("path", text(nfs, "path"))]));
    object([
        ("mount_path", text(mount, "mountPath")),
        ("sub_path", text(mount, "subPath")),
        ("bucket", text(source, "gcs.bucket")),
        ("mount_options", texts(source, "gcs.mountOptions")),
        ("read_only", Dynamic::Bool(flag("gcs.readOnly") || flag("nfs.readOnly"))),
        ("secret", text(source, "secret.secret")),
        ("items", if items.is_empty() { Dynamic::Null } else { Dynamic::Map(items) }),
        ("default_mode", mode.map_or(Dynamic::Null, |mode| Dynamic::Number(Number::from(mode)))),
        ("cloud_sql_instances", texts(source, "cloudSqlInstance.instances")),
        ("empty_dir", empty_dir),
        ("nfs", nfs),
    ])
}

/// Sets the texts of an array, of which those that stay keep their order.
fn put_texts(json: &mut Json, path: &str, wanted: &Dynamic) {
    let wanted: Vec<&str> = wanted.as_elements().unwrap_or_default().iter().filter_map(Dynamic::as_str).collect();
    let kept: Vec<&str> =
        array(json, path).iter().filter_map(Json::as_str).filter(|text| wanted.contains(text)).collect();
    let new = wanted.iter().copied().filter(|text| !kept.contains(text));
    let all: Vec<Json> = kept.iter().copied().chain(new).map(Json::from).collect();
    wire::put(json, path, if all.is_empty() { Json::Null } else { Json::Array(all) });
}

fn put_text(json: &mut Json, path: &str, value: &Dynamic) {
    wire::put(json, path, value.as_str().filter(|text| !text.is_empty()).map_or(Json::Null, Json::from));
}

/// What the source is, as its field in the API.
fn source_field(volume: &Dynamic) -> &'static str {
    let fields = [("bucket", "gcs"), ("secret", "secret"), ("cloud_sql_instances", "cloudSqlInstance"), ("nfs", "nfs")];
    fields.iter().find(|(name, _)| !volume.get(name).is_null()).map_or("emptyDir", |(_, field)| field)
}

fn write_source(volume: &Dynamic, source: &mut Json) {
    let field = source_field(volume);
    if let Some(fields) = source.as_object_mut() {
        fields.retain(|name, _| name == "name" || name == field);
        fields.entry(field).or_insert_with(|| json!({}));
    }
    let read_only = match volume.get("read_only").as_bool() {
        Some(true) => Json::Bool(true),
        _ => Json::Null,
    };
    match field {
        "gcs" => {
            put_text(source, "gcs.bucket", volume.get("bucket"));
            put_texts(source, "gcs.mountOptions", volume.get("mount_options"));
            wire::put(source, "gcs.readOnly", read_only);
        }
        "secret" => {
            put_text(source, "secret.secret", volume.get("secret"));
            let mode = volume.get("default_mode").as_number().map_or(Json::Null, wire::json_number);
            wire::put(source, "secret.defaultMode", mode);
            write_items(volume.get("items"), source);
        }
        "cloudSqlInstance" => put_texts(source, "cloudSqlInstance.instances", volume.get("cloud_sql_instances")),
        "nfs" => {
            put_text(source, "nfs.server", volume.get("nfs").get("server"));
            put_text(source, "nfs.path", volume.get("nfs").get("path"));
            wire::put(source, "nfs.readOnly", read_only);
        }
        _ => {
            let dir = volume.get("empty_dir");
            let medium = dir.get("medium").as_str().unwrap_or("MEMORY");
            wire::put(source, "emptyDir.medium", Json::from(medium));
            put_text(source, "emptyDir.sizeLimit", dir.get("size_limit"));
        }
    }
}

fn write_items(wanted: &Dynamic, source: &mut Json) {
    let current = array(source, "secret.items").to_vec();
    let item = |(path, version): (&Name, &Dynamic)| {
        let same = |item: &&Json| item.get("path").and_then(Json::as_str) == Some(path.as_str());
        let mut item = current.iter().find(same).cloned().unwrap_or_else(|| json!({"path": path}));
        put_text(&mut item, "version", version);
        item
    };
    let items: Vec<Json> = wanted.as_entries().into_iter().flatten().map(item).collect();
    wire::put(source, "secret.items", if items.is_empty() { Json::Null } else { Json::Array(items) });
}

/// The fields of a source that a volume can say.
const KINDS: [&str; 5] = ["gcs", "secret", "cloudSqlInstance", "emptyDir", "nfs"];

/// Whether a volume can say what the source is.
fn is_expressed(source: &Json) -> bool {
    KINDS.iter().any(|kind| source.get(kind).is_some())
}

/// The source of that name, if a volume can say what it is.
fn source_of<'j>(sources: &'j [Json], name: &str) -> Option<&'j Json> {
    sources.iter().find(|source| name_of(source) == name).filter(|source| is_expressed(source))
}

/// The names of what a container mounts.
fn mounted(container: &Json) -> impl Iterator<Item = &str> {
    array(container, MOUNTS).iter().map(name_of)
}

/// The names of what all containers but the one at `index` mount.
pub(super) fn mounted_by_others(containers: &[Json], index: usize) -> BTreeSet<String> {
    let others = containers.iter().enumerate().filter(|(at, _)| *at != index);
    others.flat_map(|(_, container)| mounted(container)).map(str::to_owned).collect()
}

/// The volumes of a container; null where it has none.
pub(super) fn read_in(container: &Json, sources: &[Json]) -> Dynamic {
    let mut volumes = Entries::default();
    for mount in array(container, MOUNTS) {
        if let (Some(source), false) = (source_of(sources, name_of(mount)), volumes.contains_key(name_of(mount))) {
            volumes.insert(name_of(mount).to_owned(), read_volume(mount, source));
        }
    }
    if volumes.is_empty() { Dynamic::Null } else { Dynamic::Map(volumes) }
}

/// Gives a container the volumes `wanted`. A source that the `others` mount is not this container's alone.
pub(super) fn write_in(container: &mut Json, sources: &mut Vec<Json>, wanted: &Dynamic, others: &BTreeSet<String>) {
    let wanted = wanted.as_entries().unwrap_or(Entries::none());
    let is_ours = |name: &str| mounted(container).any(|own| own == name) && source_of(sources, name).is_some();
    let stays = |name: &str| wanted.contains_key(name) || !is_ours(name);
    let mut mounts: Vec<Json> =
        array(container, MOUNTS).iter().filter(|mount| stays(name_of(mount))).cloned().collect();
    let mut kept: Vec<Json> =
        sources.iter().filter(|source| stays(name_of(source)) || others.contains(name_of(source))).cloned().collect();
    for (name, volume) in wanted {
        write_source(volume, element(&mut kept, name));
        let mount = element(&mut mounts, name);
        put_text(mount, "mountPath", volume.get("mount_path"));
        put_text(mount, "subPath", volume.get("sub_path"));
    }
    *sources = kept;
    wire::put(container, MOUNTS, list(mounts));
}

/// The list, or nothing where it is empty.
pub(super) fn list(elements: Vec<Json>) -> Json {
    if elements.is_empty() { Json::Null } else { Json::Array(elements) }
}

/// What of the mounts of a container the configuration cannot say: those of one volume after its first, and those of a source
/// of another kind.
pub(super) fn left_out(container: &Json, sources: &[Json], at: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mounts = array(container, MOUNTS).iter().enumerate();
    let left_out =
        mounts.filter(|(_, mount)| source_of(sources, name_of(mount)).is_none() || !seen.insert(name_of(mount)));
    left_out.map(|(index, _)| format!("{at}.{MOUNTS}[{index}]")).collect()
}

/// The place of the main container among all.
pub(super) fn main_of(body: &Json, paths: &VolumePaths) -> Option<usize> {
    let main = wire::get(body, paths.main)?;
    array(body, paths.containers).iter().position(|container| std::ptr::eq(main, container))
}

impl Codec for Volumes {
    fn read(&self, body: &Json) -> Dynamic {
        wire::get(body, self.0.main).map_or(Dynamic::Null, |main| read_in(main, array(body, self.0.sources)))
    }

    fn write(&self, value: &Dynamic, body: &mut Json) {
        let others = main_of(body, &self.0)
            .map(|main| mounted_by_others(array(body, self.0.containers), main))
            .unwrap_or_default();
        let mut main = wire::get(body, self.0.main).cloned().unwrap_or_else(|| json!({}));
        let mut sources = array(body, self.0.sources).to_vec();
        write_in(&mut main, &mut sources, value, &others);
        wire::put(body, self.0.main, main);
        wire::put(body, self.0.sources, list(sources));
    }

    fn masks(&self) -> &'static [&'static str] {
        self.0.masks
    }

    fn expresses(&self) -> &'static [&'static str] {
        self.0.expresses
    }

    fn leaves_out(&self, body: &Json) -> Vec<String> {
        let Some(index) = main_of(body, &self.0) else { return Vec::new() };
        let main = &array(body, self.0.containers)[index];
        left_out(main, array(body, self.0.sources), &format!("{}[{index}]", self.0.containers))
    }
}

/// The element of that name, appended when there is none.
fn element<'j>(elements: &'j mut Vec<Json>, name: &str) -> &'j mut Json {
    let index = elements.iter().position(|element| name_of(element) == name).unwrap_or_else(|| {
        let mut new = Map::new();
        new.insert("name".to_owned(), Json::from(name));
        elements.push(Json::Object(new));
        elements.len() - 1
    });
    &mut elements[index]
}
