//! Volumes: the API has a list of sources in the template and a list of mounts in each container; the configuration has
//! one map of both.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use tfplugin::{Choice, Dynamic, Entries, Name, Number, Object, Value};

use super::MAIN;
use crate::engine::marks::{Codec, refers};
use crate::engine::wire;
use crate::google::kinds::cloud_name::CloudName;
use crate::types::Quantity;

const SOURCES: &str = "template.volumes";
const MOUNTS: &str = "template.containers[ports].volumeMounts";

/// A volume and where it is mounted; further places where the container sees the same volume are left alone. Exactly one of `bucket`, `secret`, `cloud_sql_instances`, `empty_dir` and `nfs` is
/// set.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Volume {
    /// Where the container sees it: an absolute path without `:`. For Cloud SQL it must be `/cloudsql`.
    #[tf(required)]
    pub(super) mount_path: Value<String>,
    /// The part of the volume that is mounted. The whole when absent.
    #[tf(optional)]
    pub(super) sub_path: Value<String>,
    /// A Cloud Storage bucket, mounted with Cloud Storage FUSE: the KEY of one of this stack, or a bucket's name.
    #[tf(optional, ext(refers("buckets", "name")))]
    pub(super) bucket: Value<String>,
    /// Flags for Cloud Storage FUSE without the leading `--`: `implicit-dirs`. Only with `bucket`.
    #[tf(optional)]
    pub(super) mount_options: Value<BTreeSet<String>>,
    /// Whether the container may only read. Only with `bucket` and `nfs`.
    #[tf(default = false)]
    pub(super) read_only: Value<bool>,
    /// A secret as files: the KEY of one of this stack, its name in this project, or `projects/P/secrets/NAME`.
    #[tf(optional, ext(refers("secrets", "name")))]
    pub(super) secret: Value<CloudName>,
    /// Which versions become files of which names: a map from path to version. The latest version as a file of the secret's
    /// name when absent. Only with `secret`.
    #[tf(optional)]
    pub(super) items: Value<BTreeMap<String, String>>,
    /// The mode of the files as a decimal number: 256 is 0400, 292 is 0444. Only with `secret`.
    #[tf(optional)]
    pub(super) default_mode: Value<i64>,
    /// Cloud SQL instances whose sockets appear under the mount path: `PROJECT:REGION:INSTANCE`.
    #[tf(optional)]
    pub(super) cloud_sql_instances: Value<BTreeSet<String>>,
    /// A directory that lives as long as the instance.
    #[tf(optional)]
    pub(super) empty_dir: Value<EmptyDir>,
    /// An NFS share.
    #[tf(optional)]
    pub(super) nfs: Value<Nfs>,
}

/// A directory that lives as long as the instance.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct EmptyDir {
    /// Where it is kept: `MEMORY`, which counts as the instance's, or `DISK`.
    #[tf(default = "MEMORY")]
    pub(super) medium: Value<Medium>,
    /// How large it may grow: `256Mi`. Half of the instance's memory when absent.
    #[tf(optional)]
    pub(super) size_limit: Value<Quantity>,
}

/// An NFS share.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct Nfs {
    /// The server's name or address.
    #[tf(required)]
    pub(super) server: Value<String>,
    /// The exported path.
    #[tf(required)]
    pub(super) path: Value<String>,
}

/// Where an empty directory is kept.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Medium {
    /// In memory.
    Memory,
    /// On disk.
    Disk,
}

/// Both lists as one map.
pub(super) struct Volumes;

fn array<'j>(body: &'j Json, path: &str) -> &'j [Json] {
    wire::get(body, path).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn name_of(element: &Json) -> &str {
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

/// The names of what other containers than the main one mount.
fn mounted_by_others(body: &Json) -> BTreeSet<&str> {
    let main = wire::get(body, MAIN);
    let others = array(body, "template.containers")
        .iter()
        .filter(|container| !main.is_some_and(|main| std::ptr::eq(main, *container)));
    others.flat_map(|container| array(container, "volumeMounts")).map(name_of).collect()
}

impl Codec for Volumes {
    fn read(&self, body: &Json) -> Dynamic {
        let sources = array(body, SOURCES);
        let mut volumes = Entries::default();
        for mount in array(body, MOUNTS) {
            if let (Some(source), false) = (source_of(sources, name_of(mount)), volumes.contains_key(name_of(mount))) {
                volumes.insert(name_of(mount).to_owned(), read_volume(mount, source));
            }
        }
        if volumes.is_empty() { Dynamic::Null } else { Dynamic::Map(volumes) }
    }

    fn write(&self, value: &Dynamic, body: &mut Json) {
        let wanted = value.as_entries().unwrap_or(Entries::none());
        let current = array(body, SOURCES);
        let mounted: BTreeSet<&str> = array(body, MOUNTS).iter().map(name_of).collect();
        let is_ours = |name: &str| mounted.contains(name) && source_of(current, name).is_some();
        let others = mounted_by_others(body);
        // A volume that a sidecar mounts is not ours alone.
        let stays = |name: &str| wanted.contains_key(name) || !is_ours(name);
        let mut sources: Vec<Json> = current
            .iter()
            .filter(|source| stays(name_of(source)) || others.contains(name_of(source)))
            .cloned()
            .collect();
        let mut mounts: Vec<Json> = array(body, MOUNTS).iter().filter(|mount| stays(name_of(mount))).cloned().collect();
        for (name, volume) in wanted {
            let source = element(&mut sources, name);
            write_source(volume, source);
            let mount = element(&mut mounts, name);
            put_text(mount, "mountPath", volume.get("mount_path"));
            put_text(mount, "subPath", volume.get("sub_path"));
        }
        let list = |elements: Vec<Json>| if elements.is_empty() { Json::Null } else { Json::Array(elements) };
        wire::put(body, SOURCES, list(sources));
        wire::put(body, MOUNTS, list(mounts));
    }

    fn masks(&self) -> &'static [&'static str] {
        &[SOURCES, MOUNTS]
    }

    fn expresses(&self) -> &'static [&'static str] {
        &[
            "template.volumes.*.name",
            "template.volumes.*.gcs.bucket",
            "template.volumes.*.gcs.mountOptions",
            "template.volumes.*.gcs.readOnly",
            "template.volumes.*.secret.secret",
            "template.volumes.*.secret.defaultMode",
            "template.volumes.*.secret.items.*.path",
            "template.volumes.*.secret.items.*.version",
            "template.volumes.*.cloudSqlInstance.instances",
            "template.volumes.*.emptyDir.medium",
            "template.volumes.*.emptyDir.sizeLimit",
            "template.volumes.*.nfs.server",
            "template.volumes.*.nfs.path",
            "template.volumes.*.nfs.readOnly",
            "template.containers[ports].volumeMounts.*.name",
            "template.containers[ports].volumeMounts.*.mountPath",
            "template.containers[ports].volumeMounts.*.subPath",
        ]
    }

    /// The mounts of one volume after its first, and those of a source of another kind.
    fn leaves_out(&self, body: &Json) -> Vec<String> {
        let main = wire::get(body, MAIN);
        let is_main = |container: &Json| main.is_some_and(|main| std::ptr::eq(main, container));
        let containers = array(body, "template.containers");
        let Some(at) = containers.iter().position(is_main) else { return Vec::new() };
        let mut seen = BTreeSet::new();
        let mounts = array(body, MOUNTS).iter().enumerate();
        let left_out = mounts.filter(|(_, mount)| {
            source_of(array(body, SOURCES), name_of(mount)).is_none() || !seen.insert(name_of(mount))
        });
        left_out.map(|(index, _)| format!("template.containers[{at}].volumeMounts[{index}]")).collect()
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
