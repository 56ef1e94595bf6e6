//! Clients, users and departments: what is written is read, keys are unique where they
//! should be, and no client ever meets another's.

use rollcall::model::profile::{ProfileDraft, ProfileField};
use rollcall::model::provenance::TracedUser;
use rollcall::model::user::State;
use rollcall::store::{clients, departments, users};

use crate::world::{
    A, B, World, at, client, client_id, department, department_id, traced, user, user_id,
};

contract! {
    a_client_is_read_as_it_was_written,
    clients_are_paged_by_id,
    a_user_is_read_as_it_was_written,
    a_taken_id_key_or_external_id_adds_nobody,
    users_are_paged_by_id_with_the_deleted,
    the_same_user_in_two_clients_never_meets,
    a_department_is_read_as_it_was_written,
    a_departments_name_is_unique_whatever_its_case_until_it_is_deleted,
    the_same_department_in_two_clients_never_meets,
    a_users_departments_keep_their_order,
    who_leaves_a_department_stays_in_the_others,
    members_of_two_clients_never_meet,
    many_are_written_and_looked_up_at_once,
}

/// More than are sent before the first answer is waited for.
const MANY: u64 = 600;

async fn many_are_written_and_looked_up_at_once(world: &World) {
    let (sales, lab) = (department_id(1), department_id(2));
    let mut all: Vec<_> = (1..=MANY)
        .map(|number| {
            let mut user = user(number, &format!("U{number}"));
            user.external_id = Some(format!("e{number}").into());
            user.departments = vec![lab, sales];
            user
        })
        .collect();
    let written: Vec<_> = all.iter().cloned().map(traced).collect();
    world
        .write(move |tx| {
            let users: Vec<_> = written.iter().collect();
            let half = &users[..users.len() / 2];
            assert_eq!(users::insert_many(tx, client_id(A), half)?, half.len());
            let added = users::insert_many(tx, client_id(A), &users)?;
            assert_eq!(
                added,
                half.len(),
                "those of the first half are there already"
            );
            assert_eq!(users::update_many(tx, client_id(A), &users)?, users.len());
            assert_eq!(users::update_many(tx, client_id(B), &users)?, 0);
            let moved = half.iter().map(|user| {
                let mut user = user.to_user();
                user.departments = vec![sales];
                traced(user)
            });
            let moved: Vec<_> = moved.collect();
            let half: Vec<_> = moved.iter().collect();
            let updated = users::update_many_under_same_keys(tx, client_id(A), &half)?;
            assert_eq!(updated, half.len());
            for (number, name) in [(1, "Sales"), (2, "Lab")] {
                assert!(departments::insert(
                    tx,
                    client_id(A),
                    &department(number, name)
                )?);
            }
            Ok(())
        })
        .await;
    let half = all.len() / 2;
    all[..half]
        .iter_mut()
        .for_each(|user| user.departments = vec![sales]);
    let expected: Vec<_> = all.iter().cloned().map(traced).collect();
    world
        .read(move |tx| {
            let nobody = user_id(MANY + 1);
            let ids: Vec<_> = all.iter().map(|user| user.id).chain([nobody]).collect();
            assert_eq!(users::find_many(tx, client_id(A), &ids)?, expected);
            assert_eq!(users::find_many(tx, client_id(B), &ids)?, []);
            let keys: Vec<_> = (0..=MANY).map(|number| format!("u{number}")).collect();
            let found = users::find_many_by_user_key(tx, client_id(A), &keys)?;
            assert_eq!(found, expected);
            let external_ids = all.iter().filter_map(|user| user.external_id.as_deref());
            let found = users::find_many_by_external_id(tx, client_id(A), external_ids)?;
            assert_eq!(found, expected);
            let names = ["lab".to_owned(), "none".to_owned()];
            let found = departments::find_many_by_name(tx, client_id(A), &names)?;
            assert_eq!(found, [department(2, "Lab")]);
            let found = departments::find_many(tx, client_id(A), &[sales, department_id(3)])?;
            assert_eq!(found, [department(1, "Sales")]);
            Ok(())
        })
        .await;
}

async fn a_client_is_read_as_it_was_written(world: &World) {
    let mut bare = client(B);
    (bare.partner, bare.enrollment_token) = (None, None);
    let (full, other) = (client(A), bare.clone());
    world
        .write(move |tx| {
            assert!(clients::insert(tx, &full)?);
            assert!(clients::insert(tx, &other)?);
            assert!(!clients::insert(tx, &full)?, "the id is taken");
            assert!(
                !clients::update(tx, &client(0xc))?,
                "there is none to update"
            );
            Ok(())
        })
        .await;
    let mut renamed = client(A);
    (renamed.name, renamed.revision) = ("New name".into(), 2);
    let written = renamed.clone();
    world
        .write(move |tx| {
            assert!(clients::update(tx, &written)?);
            Ok(())
        })
        .await;
    let (a, b, c, count) = world
        .read(|tx| {
            Ok((
                clients::find(tx, client_id(A))?,
                clients::find(tx, client_id(B))?,
                clients::find(tx, client_id(0xc))?,
                clients::count(tx)?,
            ))
        })
        .await;
    assert_eq!((a, b, c, count), (Some(renamed), Some(bare), None, 2));
}

async fn clients_are_paged_by_id(world: &World) {
    world
        .write(|tx| {
            for number in [3, 1, 2] {
                assert!(clients::insert(tx, &client(number))?);
            }
            Ok(())
        })
        .await;
    let (first, second, third) = world
        .read(|tx| {
            Ok((
                clients::page(tx, None, 2)?,
                clients::page(tx, Some(client_id(2)), 2)?,
                clients::page(tx, Some(client_id(3)), 2)?,
            ))
        })
        .await;
    assert_eq!(first, [client(1), client(2)]);
    assert_eq!(second, [client(3)]);
    assert_eq!(third, []);
}

async fn a_user_is_read_as_it_was_written(world: &World) {
    let mut full = user(1, "Zoë");
    let mut profile = ProfileDraft::default();
    profile.set(ProfileField::FirstName, Some("Zoë \"Z\" 😀".to_owned()));
    profile.set_custom_attributes(Some(r#"{"badge":[1,true,"x"]}"#.to_owned()));
    full.profile = profile.finish();
    full.username = "Zoë Ångström".into();
    full.external_id = Some("E-1".into());
    full.state = State::Inactive;
    full.deleted_at = Some(at(9));
    let (bare, full) = (user(2, "bare"), traced(full));
    let (written, also) = (full.clone(), traced(bare.clone()));
    world
        .write(move |tx| {
            assert!(users::insert(tx, client_id(A), &written)?);
            assert!(users::insert(tx, client_id(A), &also)?);
            assert!(!users::update(tx, client_id(A), &traced(user(3, "none")))?);
            Ok(())
        })
        .await;
    let mut changed = bare;
    (changed.username, changed.revision) = ("changed".into(), 7);
    let changed = traced(changed);
    let written = changed.clone();
    world
        .write(move |tx| {
            assert!(users::update(tx, client_id(A), &written)?);
            Ok(())
        })
        .await;
    let (one, two, by_key, by_external_id, wrong_case, missing) = world
        .read(|tx| {
            Ok((
                users::find(tx, client_id(A), user_id(1))?,
                users::find(tx, client_id(A), user_id(2))?,
                users::find_by_user_key(tx, client_id(A), "ZOË")?,
                users::find_by_external_id(tx, client_id(A), "E-1")?,
                users::find_by_external_id(tx, client_id(A), "e-1")?,
                users::find(tx, client_id(A), user_id(3))?,
            ))
        })
        .await;
    assert_eq!(one.as_ref(), Some(&full));
    assert_eq!(two, Some(changed));
    assert_eq!(by_key.as_ref(), Some(&full));
    assert_eq!(by_external_id.as_ref(), Some(&full));
    assert_eq!((wrong_case, missing), (None, None));
}

async fn a_taken_id_key_or_external_id_adds_nobody(world: &World) {
    let mut first = user(1, "Straße");
    first.external_id = Some("x".into());
    let first = traced(first);
    world
        .write(move |tx| {
            assert!(users::insert(tx, client_id(A), &first)?);
            assert!(
                !users::insert(tx, client_id(A), &traced(user(1, "other")))?,
                "the id"
            );
            assert!(
                !users::insert(tx, client_id(A), &traced(user(2, "STRAßE")))?,
                "the key"
            );
            let mut same_external_id = user(2, "other");
            same_external_id.external_id = Some("x".into());
            let mut other_case = same_external_id.clone();
            assert!(!users::insert(tx, client_id(A), &traced(same_external_id))?);
            other_case.external_id = Some("X".into());
            let other_case = traced(other_case);
            assert!(users::insert(tx, client_id(A), &other_case)?, "case counts");
            assert_eq!(users::page(tx, client_id(A), None, 9)?.len(), 2);
            Ok(())
        })
        .await;
}

async fn users_are_paged_by_id_with_the_deleted(world: &World) {
    world
        .write(|tx| {
            for number in [3, 1, 2] {
                let mut user = user(number, &format!("u{number}"));
                user.deleted_at = (number == 2).then(|| at(5));
                users::insert(tx, client_id(A), &traced(user))?;
            }
            Ok(())
        })
        .await;
    let (first, second, each) = world
        .read(|tx| {
            let mut each = Vec::new();
            users::each(tx, client_id(A), |user| {
                each.push(user.id);
                Ok::<(), rollcall::store::Error>(())
            })?;
            let first = users::page(tx, client_id(A), None, 2)?;
            let second = users::page(tx, client_id(A), Some(user_id(2)), 2)?;
            Ok((first, second, each))
        })
        .await;
    let ids = |page: &[rollcall::model::user::User]| -> Vec<_> {
        page.iter().map(|user| user.id).collect()
    };
    assert_eq!(ids(&first), [user_id(1), user_id(2)]);
    assert_eq!(ids(&second), [user_id(3)]);
    assert_eq!(each, [user_id(1), user_id(2), user_id(3)]);
}

async fn the_same_user_in_two_clients_never_meets(world: &World) {
    let of = |name: &str| {
        let mut user = user(1, "key");
        (user.username, user.external_id) = (name.into(), Some("external".into()));
        user
    };
    let (in_a, in_b) = (of("in A"), of("in B"));
    let (a, b) = (traced(in_a.clone()), traced(in_b.clone()));
    world
        .write(move |tx| {
            assert!(users::insert(tx, client_id(A), &a)?);
            assert!(users::insert(tx, client_id(B), &b)?);
            assert!(!users::update(tx, client_id(0xc), &b)?);
            Ok(())
        })
        .await;
    for (client, expected) in [(A, Some(in_a)), (B, Some(in_b)), (0xc, None)] {
        let found = world
            .read(move |tx| {
                let client = client_id(client);
                let by_key = [
                    users::find(tx, client, user_id(1))?,
                    users::find_by_user_key(tx, client, "KEY")?,
                    users::find_by_external_id(tx, client, "external")?,
                ];
                let [by_id, by_user_key, by_external_id] =
                    by_key.map(|found| found.map(TracedUser::into_user));
                Ok([
                    by_id,
                    by_user_key,
                    by_external_id,
                    users::records_of(tx, client, &[user_id(1)])?.pop(),
                    users::page(tx, client, None, 9)?.pop(),
                    users::changed_since(tx, client, 0)?.pop(),
                ])
            })
            .await;
        assert!(found.iter().all(|found| *found == expected), "{found:?}");
    }
}

async fn a_department_is_read_as_it_was_written(world: &World) {
    let mut sales = department(1, "Sales");
    sales.description = Some("They sell".into());
    let written = sales.clone();
    world
        .write(move |tx| {
            assert!(departments::insert(tx, client_id(A), &written)?);
            assert!(!departments::insert(
                tx,
                client_id(A),
                &department(1, "Other")
            )?);
            assert!(!departments::update(
                tx,
                client_id(A),
                &department(2, "None")
            )?);
            Ok(())
        })
        .await;
    let found = world
        .read(|tx| {
            Ok([
                departments::find(tx, client_id(A), department_id(1))?,
                departments::find_by_name(tx, client_id(A), "SALES")?,
                departments::changed_since(tx, client_id(A), 1)?.pop(),
            ])
        })
        .await;
    assert!(found.iter().all(|found| found.as_ref() == Some(&sales)));
    sales.deleted_at = Some(at(5));
    let written = sales.clone();
    world
        .write(move |tx| departments::update(tx, client_id(A), &written))
        .await;
    let (by_id, by_name, changed) = world
        .read(|tx| {
            Ok((
                departments::find(tx, client_id(A), department_id(1))?,
                departments::find_by_name(tx, client_id(A), "Sales")?,
                departments::changed_since(tx, client_id(A), -1)?,
            ))
        })
        .await;
    assert_eq!((by_id, by_name), (None, None), "it was deleted");
    assert_eq!(changed, [sales], "the images must learn of it all the same");
}

async fn a_departments_name_is_unique_whatever_its_case_until_it_is_deleted(world: &World) {
    world
        .write(|tx| {
            let mut old = department(1, "Sales");
            assert!(departments::insert(tx, client_id(A), &old)?);
            assert!(!departments::insert(
                tx,
                client_id(A),
                &department(2, "sALES")
            )?);
            old.deleted_at = Some(at(1));
            assert!(departments::update(tx, client_id(A), &old)?);
            assert!(departments::insert(
                tx,
                client_id(A),
                &department(2, "sALES")
            )?);
            Ok(())
        })
        .await;
}

async fn the_same_department_in_two_clients_never_meets(world: &World) {
    world
        .write(|tx| {
            let mut other = department(1, "Sales");
            other.description = Some("B's".into());
            assert!(departments::insert(
                tx,
                client_id(A),
                &department(1, "Sales")
            )?);
            assert!(departments::insert(tx, client_id(B), &other)?);
            let b = departments::find_by_name(tx, client_id(B), "sales")?.unwrap();
            assert_eq!(b, other);
            let a = departments::find(tx, client_id(A), department_id(1))?.unwrap();
            assert_eq!(a, department(1, "Sales"));
            assert_eq!(departments::changed_since(tx, client_id(A), 0)?.len(), 1);
            Ok(())
        })
        .await;
}

async fn a_users_departments_keep_their_order(world: &World) {
    let (sales, legal, lab) = (department_id(1), department_id(2), department_id(3));
    let mut one = user(1, "u1");
    one.departments = vec![sales];
    let mut other = user(2, "u2");
    other.departments = vec![lab];
    let (first, second) = (traced(one.clone()), traced(other.clone()));
    one.departments = vec![lab, sales, legal];
    let last = traced(one.clone());
    world
        .write(move |tx| {
            assert_eq!(users::insert_many(tx, client_id(A), &[&first, &second])?, 2);
            assert!(users::update(tx, client_id(A), &last)?);
            Ok(())
        })
        .await;
    let (each, changed) = world
        .read(|tx| {
            let mut each = Vec::new();
            users::each(tx, client_id(A), |user| {
                each.push(user);
                Ok::<(), rollcall::store::Error>(())
            })?;
            let mut changed = users::changed_since(tx, client_id(A), 1)?;
            changed.sort_by_key(|user| user.id);
            Ok((each, changed))
        })
        .await;
    assert_eq!(each, [one, other]);
    assert_eq!(changed, each, "both users are of a later change");
}

async fn who_leaves_a_department_stays_in_the_others(world: &World) {
    let (sales, lab, legal) = (department_id(1), department_id(2), department_id(3));
    world
        .write(move |tx| {
            let all = [
                (1, vec![sales, lab]),
                (2, vec![lab, sales, legal]),
                (3, vec![]),
            ];
            for (number, departments) in all {
                let mut user = user(number, &format!("u{number}"));
                user.departments = departments;
                users::insert(tx, client_id(A), &traced(user))?;
            }
            let touched = users::touch_members(tx, client_id(A), sales, at(7), 9)?;
            assert_eq!(touched, 2);
            assert_eq!(users::leave_department(tx, client_id(A), sales)?, 2);
            assert_eq!(users::leave_department(tx, client_id(A), sales)?, 0);
            let first = users::find(tx, client_id(A), user_id(1))?.unwrap();
            assert_eq!(first.departments, [lab]);
            let touched = users::find(tx, client_id(A), user_id(2))?.unwrap();
            assert_eq!(touched.departments, [lab, legal]);
            assert_eq!((touched.updated_at, touched.revision), (at(7), 9));
            // Time may be set back; no record becomes older by it.
            users::touch_members(tx, client_id(A), lab, at(3), 10)?;
            let touched = users::find(tx, client_id(A), user_id(2))?.unwrap();
            assert_eq!((touched.updated_at, touched.revision), (at(7), 10));
            let untouched = users::find(tx, client_id(A), user_id(3))?.unwrap();
            assert_eq!((untouched.updated_at, untouched.revision), (at(0), 2));
            Ok(())
        })
        .await;
}

async fn members_of_two_clients_never_meet(world: &World) {
    let sales = department_id(1);
    world
        .write(move |tx| {
            let mut member = user(1, "u");
            member.departments = vec![sales];
            let at_first = traced(member.clone());
            for client in [A, B] {
                users::insert(tx, client_id(client), &at_first)?;
            }
            assert_eq!(users::touch_members(tx, client_id(B), sales, at(5), 6)?, 1);
            assert_eq!(users::leave_department(tx, client_id(B), sales)?, 1);
            let untouched = users::find(tx, client_id(A), user_id(1))?.unwrap();
            assert_eq!(untouched, at_first);
            assert!(users::update(tx, client_id(B), &at_first)?);
            member.departments = vec![];
            assert!(users::update(tx, client_id(A), &traced(member))?);
            let other = users::find(tx, client_id(B), user_id(1))?.unwrap();
            assert_eq!(other.departments, [sales]);
            Ok(())
        })
        .await;
}
