//! Where each field's value comes from: in the record, and not in what images are made of.

use rollcall::model::provenance::{Provenance, TracedUser};
use rollcall::store::{Error, Tx, users};

use crate::world::{A, World, client_id, traced, user, user_id};

contract! {
    what_is_remembered_of_the_fields_stands_in_the_record,
    a_provenance_that_cannot_be_read_is_named_and_is_nothing_to_images,
}

async fn what_is_remembered_of_the_fields_stands_in_the_record(world: &World) {
    let remembered = |text| Provenance::from_text(text).unwrap();
    let of = |text| TracedUser::stored(user(1, "u"), remembered(text));
    let (first, second) = (
        of("s19b0c3d4e5f.1:13 "),
        of("s19b0c3d4e5f.1:3 a19b0c3d5000.2:10 !10"),
    );
    let third = of("i19b0c3d6000.3:13 !18");
    world
        .write(move |tx| {
            let found = |tx: &mut Tx<'_>| users::find(tx, client_id(A), user_id(1));
            users::insert(tx, client_id(A), &first)?;
            assert_eq!(found(tx)?.as_ref(), Some(&first));
            users::update(tx, client_id(A), &second)?;
            assert_eq!(found(tx)?.as_ref(), Some(&second));
            users::update_many_under_same_keys(tx, client_id(A), &[&third])?;
            assert_eq!(found(tx)?.as_ref(), Some(&third));
            Ok(())
        })
        .await;
}

async fn a_provenance_that_cannot_be_read_is_named_and_is_nothing_to_images(world: &World) {
    world
        .write(|tx| {
            users::insert(tx, client_id(A), &traced(user(1, "u")))?;
            tx.script("UPDATE users SET provenance = 'nonsense'")
        })
        .await;
    let found = world
        .store
        .read(|tx| users::find(tx, client_id(A), user_id(1)));
    let error = found.await.unwrap_err().to_string();
    assert!(error.contains("a stored provenance"), "{error}");
    let read = world.read(|tx| {
        let (mut each, since) = (Vec::new(), users::changed_since(tx, client_id(A), -1)?);
        users::each(tx, client_id(A), |user| {
            each.push(user);
            Ok::<(), Error>(())
        })?;
        Ok([
            each,
            since,
            users::records_of(tx, client_id(A), &[user_id(1)])?,
        ])
    });
    let expected = || vec![user(1, "u")];
    assert_eq!(read.await, [expected(), expected(), expected()]);
}
