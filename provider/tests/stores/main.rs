//! Stores of phases: one suite for Cloud Storage, S3 and folders, and what is special about each.
//!
//! Cloud Storage is localcloud, in this process. S3 is moto's server, which `make tools` fetches.
#![allow(clippy::unwrap_used, reason = "a test says by failing where it failed")]

mod amazon;
mod child;
mod phases;
mod places;
mod proxy;
mod suite;
mod world;

/// The tests of the suite on one kind of store, in a module of its name.
macro_rules! on_store {
    ($store:ident, $world:expr; $($module:ident: $($test:ident),+;)+) => {
        mod $store { $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::suite::$module::$test($world).await;
            }
        )+)+ }
    };
}

/// The tests of `stores` on each kind of store; those of `servers` where calls go over a network, which may break.
macro_rules! on_every_store {
    (stores { $($stores:tt)+ } servers { $($servers:tt)+ }) => {
        on_store!(cloud_storage, crate::world::World::cloud_storage().await; $($stores)+ $($servers)+);
        on_store!(s3, crate::world::World::s3(); $($stores)+ $($servers)+);
        on_store!(folder, crate::world::World::folder(); $($stores)+);
    };
}

on_every_store! {
    stores {
        life:
            what_is_not_there_is_not_found,
            a_phase_is_read_as_it_was_saved,
            a_change_keeps_what_was_before,
            phases_come_in_their_order,
            a_removed_phase_leaves_nothing,
            a_phase_that_comes_back_begins_at_its_first_revision,
            what_an_earlier_phase_of_the_name_left_is_set_aside,
            stores_side_by_side_do_not_see_each_other,
            names_may_have_any_letters;
        rivals:
            a_late_writer_is_told_what_changed_since,
            a_second_creator_is_told_how_the_first_one_differs,
            a_late_remover_removes_nothing,
            who_changes_what_was_removed_is_told_so,
            an_edit_by_hand_is_not_overwritten,
            of_200_writers_of_one_revision_one_wins,
            in_the_end_200_writers_are_all_in,
            readers_never_see_half_a_document;
        accidents:
            a_killed_writer_loses_nothing;
        damage:
            a_damaged_document_is_named_and_left,
            a_document_of_a_newer_format_is_named_and_left,
            a_document_under_the_name_of_another_is_named;
        pages:
            pages_tell_of_all_phases,
            a_page_that_says_the_same_is_not_written,
            pages_go_with_the_last_phase,
            many_writers_of_pages_leave_the_newest;
    }
    servers {
        accidents:
            a_lost_answer_is_no_conflict,
            a_lost_answer_and_then_a_lost_race_is_told_as_a_race,
            a_connection_that_breaks_at_any_call_loses_nothing,
            a_removal_that_breaks_at_any_call_can_be_repeated;
    }
}
