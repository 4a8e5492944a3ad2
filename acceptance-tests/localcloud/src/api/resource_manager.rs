//! `cloudresourcemanager.googleapis.com`, v1 and v3: projects and their policies.
//!
//! Both versions show one project, stored as v3 has it. Projects come from seeds: none is created or deleted here.

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply, unknown_project};
use crate::error::ApiError;
use crate::json::Object;
use crate::policy;
use crate::route::Api;
use crate::store::{Project, World};

pub(crate) const HOST: &str = "cloudresourcemanager.googleapis.com";

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new(HOST)
        .on("GET", "/v3/projects/{project}", |call| {
            let project = call.project()?;
            Ok(Reply::json(v3_body(call.world, &project)))
        })
        .on("GET", "/v1/projects/{project}", get_v1);
    let api = policy::serve(api, "/v3/projects/{project}", "POST", resource);
    policy::serve(api, "/v1/projects/{project}", "POST", resource)
}

/// The path of a project.
pub(crate) fn path(project_id: &str) -> String {
    format!("/v3/projects/{project_id}")
}

/// What v3 answers for a project that no seed describes further.
pub(crate) fn plain_body(project: &Project, now: &str, etag: &str) -> Value {
    json!({
        "name": format!("projects/{}", project.project_number),
        "projectId": project.project_id,
        "state": project.state,
        "displayName": if project.name.is_empty() { &project.project_id } else { &project.name },
        "createTime": now,
        "updateTime": now,
        "etag": format!("W/\"{etag}\""),
    })
}

fn v3_body(world: &World, project: &Project) -> Value {
    match world.get(HOST, &path(&project.project_id)) {
        Some(body) => body.clone(),
        None => plain_body(project, &world.now(), "0000000000000000"),
    }
}

fn get_v1(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?;
    let v3 = v3_body(call.world, &project);
    let mut v1 = Object::new();
    v1.insert("projectNumber".to_owned(), json!(project.project_number));
    v1.insert("projectId".to_owned(), json!(project.project_id));
    for (old, new) in
        [("lifecycleState", "state"), ("name", "displayName"), ("createTime", "createTime"), ("labels", "labels")]
    {
        v1.extend(v3.get(new).map(|value| (old.to_owned(), value.clone())));
    }
    if let Some((kind, id)) = v3["parent"].as_str().and_then(|parent| parent.split_once('/')) {
        v1.insert("parent".to_owned(), json!({"type": kind.trim_end_matches('s'), "id": id}));
    }
    Ok(Reply::json(Value::Object(v1)))
}

fn resource(call: &mut Call<'_>) -> Result<String, ApiError> {
    let project = call.project().map_err(|_| unknown_project(HOST, ""))?;
    Ok(format!("projects/{}", project.project_id))
}
