//! What a file sets remembers it, and pinned fields stand against it.

use rollcall::model::change::Source;
use rollcall::model::field::Field;
use rollcall::model::id::UserId;
use rollcall::model::profile::ProfileField;
use rollcall::model::provenance::Provenance;
use rollcall::operations::caller::Access;
use rollcall::operations::import::Format;
use rollcall::operations::precondition::Precondition;
use rollcall::operations::provenance::{PinChange, pin};
use rollcall::operations::users;
use rollcall::store;
use serde_json::json;

use crate::Place;
use crate::support::databases::Backend;

on_both! {
    threads = 1:
    what_a_file_sets_remembers_it,
    pinned_fields_stand_against_the_same_file_until_they_are_unpinned,
}

const FILE: &str = "username,external_id,departments,state,first_name,employment_info.role\n\
                    anna,1,Lab,ACTIVE,Anna,Clerk\n\
                    bob,2,Lab,ACTIVE,Bob,Clerk\n";
const ROLE: Field = Field::Profile(ProfileField::Role);

impl Place {
    async fn id(&self, user_key: &str) -> UserId {
        UserId::parse(self.user(user_key).await["id"].as_str().unwrap()).unwrap()
    }

    async fn provenance(&self, user_key: &str) -> Provenance {
        let (client, id) = (self.access.client(), self.id(user_key).await);
        let store = self.store().await;
        let found = store
            .read(move |tx| store::users::find(tx, client, id))
            .await;
        found.unwrap().unwrap().provenance().clone()
    }

    /// Pins these fields of Anna's, or unpins them, as who uses the Clients API does.
    async fn pin(&self, fields: &[Field], is_pinned: bool) {
        let mut change = PinChange::default();
        for field in fields {
            change.want(*field, is_pinned).unwrap();
        }
        let (api, anna) = (self.api(), self.id("anna").await);
        pin(&self.app, &api, anna, change, Precondition::None)
            .await
            .unwrap();
    }

    fn api(&self) -> Access {
        Access::of_command_line(self.access.client(), Source::Api)
    }
}

async fn what_a_file_sets_remembers_it(on: Backend) {
    let place = Place::new(on).await;
    place.csv(FILE).await;
    let known = place.provenance("anna").await;
    let fields: Vec<_> = known
        .fields()
        .map(|field| field.name().into_owned())
        .collect();
    let expected = [
        "username",
        "user_key",
        "external_id",
        "departments",
        "profile.state",
        "profile.first_name",
        "profile.employment_info.role",
    ];
    assert_eq!(fields, expected);
    let first = known.of(ROLE).unwrap();
    assert_eq!(first.source, Source::Import);
    place.csv(&FILE.replace("Anna,Clerk", "Anna,Lead")).await;
    let known = place.provenance("anna").await;
    assert!(known.of(ROLE).unwrap().at > first.at);
    assert_eq!(known.of(Field::Username), Some(first));
    // The same once more changes nothing, and so nothing is remembered anew.
    place.csv(&FILE.replace("Anna,Clerk", "Anna,Lead")).await;
    assert_eq!(place.provenance("anna").await, known);
}

async fn pinned_fields_stand_against_the_same_file_until_they_are_unpinned(on: Backend) {
    let place = Place::new(on).await;
    place.csv(FILE).await;
    let (api, anna) = (place.api(), place.id("anna").await);
    let none = Precondition::None;
    let cleared = users::set_departments(&place.app, &api, anna, vec![], None, none.clone());
    cleared.await.unwrap();
    let patch = json!({ "employment_info": { "role": "Lead" }, "state": "INACTIVE" });
    let patch = patch.as_object().unwrap().clone();
    let patched = users::patch_profile(&place.app, &api, anna, patch, Some(true), none);
    patched.await.unwrap();
    place.pin(&[Field::Departments], true).await;
    let known = place.provenance("anna").await;
    let shown = place.user("anna").await;

    let told = place.rehearsed(FILE, Format::Csv).await;
    assert_eq!(told.counts(), (0, 0, 2, 0), "nothing else differs");
    assert_eq!(place.provenance("anna").await, known);
    let told = place
        .rehearsed(&FILE.replace("Anna", "Anne"), Format::Csv)
        .await;
    assert_eq!(told.counts(), (0, 1, 1, 0));
    let mut expected = shown.clone();
    expected["profile"]["first_name"] = "Anne".into();
    let now = place.user("anna").await;
    expected["updated_at"] = now["updated_at"].clone();
    assert_eq!(now, expected);
    assert_eq!(now["departments"], json!([]));
    assert_eq!(now["profile"]["employment_info"]["role"], "Lead");

    place
        .pin(&[Field::Departments, Field::State, ROLE], false)
        .await;
    let told = place.rehearsed(FILE, Format::Csv).await;
    assert_eq!(told.counts(), (0, 1, 1, 0));
    let now = place.user("anna").await;
    assert_eq!(now["departments"][0]["name"], "Lab");
    assert_eq!(now["profile"]["employment_info"]["role"], "Clerk");
    assert_eq!(now["profile"]["first_name"], "Anna");
    let known = place.provenance("anna").await;
    for field in [Field::Departments, Field::State, ROLE] {
        assert_eq!(known.of(field).unwrap().source, Source::Import, "{field:?}");
    }
}
