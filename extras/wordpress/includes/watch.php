<?php
/**
 * What happens to posts, whoever does it: an editor, an app, a schedule, the command line.
 *
 * @package Slugline
 */

namespace Slugline;

/** Post meta: Slugline was told of it. An edit of what it never knew is no news, and would be posted as such. */
const TOLD = '_slugline_told';

/** What a post was before this request changed it, by id: null where it was not public. */
final class Before {
	/** @var array<int, ?array> */
	public static $known = array();
	/** @var array<int, true> */
	public static $noticed = array();
}

/** Called with the old post still in the database, and before the trash renames it: its address can only be had now. */
function remember( int $post_id ): void {
	if ( array_key_exists( $post_id, Before::$known ) ) {
		return;
	}
	$post                      = get_post( $post_id );
	Before::$known[ $post_id ] = is_public( $post ) ? known_of( $post ) : null;
}

/**
 * Also called when a published post is saved again, with both states the same.
 *
 * @param mixed $new_status Other plugins call this hook too, not always with what they should.
 * @param mixed $old_status The same.
 * @param mixed $post       The same.
 */
function notice( $new_status, $old_status, $post ): void {
	if ( ! $post instanceof \WP_Post || ! is_told_of( $post ) || ( defined( 'WP_IMPORTING' ) && WP_IMPORTING ) ) {
		return;
	}
	$id  = $post->ID;
	$now = is_public( $post );
	// A scheduled post goes public without an update before it: then its old state says all there is.
	$before = array_key_exists( $id, Before::$known ) ? Before::$known[ $id ] : ( 'publish' === $old_status && $now ? known_of( $post ) : null );
	if ( $now && null === $before ) {
		update_post_meta( $id, TOLD, 1 );
		tell( $id, 'published', known_of( $post ) );
	} elseif ( $now && get_post_meta( $id, TOLD, true ) ) {
		tell( $id, 'updated', known_of( $post ) );
	} elseif ( ! $now && null !== $before ) {
		tell( $id, 'removed', $before );
	}
	Before::$known[ $id ] = $now ? known_of( $post ) : null;
}

/** Deleted for good without the trash between. */
function notice_deletion( int $post_id ): void {
	$post = get_post( $post_id );
	if ( is_public( $post ) ) {
		tell( $post_id, 'removed', known_of( $post ) );
	}
}

function tell( int $post_id, string $event, array $known ): void {
	put( $post_id, $event, $known );
	Before::$noticed[ $post_id ] = true;
}

/**
 * When the request is over and terms, fields and picture of the post are saved too. Nobody waits for Slugline: where the
 * answer cannot be let go first, WordPress' own cron sends.
 */
function send_noticed(): void {
	$ids             = array_keys( Before::$noticed );
	Before::$noticed = array();
	if ( array() === $ids ) {
		return;
	}
	if ( function_exists( 'fastcgi_finish_request' ) ) {
		fastcgi_finish_request();
	} elseif ( ! wp_doing_cron() && ! defined( 'WP_CLI' ) ) {
		foreach ( $ids as $id ) {
			ring_in( $id, 0 );
		}
		spawn_cron();
		return;
	}
	send_all( $ids );
}
