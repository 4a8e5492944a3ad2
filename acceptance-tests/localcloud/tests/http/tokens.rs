use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::accounts::claims;
use crate::world::Cloud;

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_foreign_token_is_exchanged() {
    let cloud = Cloud::prompt().await;
    let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&audience=%2F%2Fiam.googleapis.com%2Fpool\
                &subject_token=abc&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt";
    let token = cloud.raw("POST", "sts.googleapis.com/v1/token", FORM, form).await.ok();
    assert_eq!(token["token_type"], "Bearer");
    assert!(token["access_token"].as_str().unwrap().starts_with("ya29."));
}

#[tokio::test]
async fn a_form_that_lacks_something_is_refused_as_oauth_does() {
    let cloud = Cloud::prompt().await;
    let answer = cloud.raw("POST", "sts.googleapis.com/v1/token", FORM, "grant_type=x").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body["error"], json!("invalid_request"));
}

#[tokio::test]
async fn keys_and_refresh_tokens_give_tokens() {
    let cloud = Cloud::prompt().await;
    for form in [
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=abc",
        "grant_type=refresh_token&refresh_token=r&client_id=c&client_secret=s",
    ] {
        assert_eq!(cloud.raw("POST", "oauth2.googleapis.com/token", FORM, form).await.ok()["expires_in"], json!(3599));
    }
}

#[tokio::test]
async fn a_key_that_names_an_audience_gets_an_identity_token_only() {
    let cloud = Cloud::prompt().await;
    let statement =
        URL_SAFE_NO_PAD.encode(json!({"iss": "a@b", "target_audience": "https://api.example.com"}).to_string());
    let form =
        format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=e30.{statement}.sig");
    let answer = cloud.raw("POST", "oauth2.googleapis.com/token", FORM, &form).await.ok();
    assert_eq!(claims(answer["id_token"].as_str().unwrap())["aud"], "https://api.example.com");
    assert!(answer.get("access_token").is_none());
}
