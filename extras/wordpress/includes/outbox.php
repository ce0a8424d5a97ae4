<?php
/**
 * What Slugline has yet to be told: at most one message a post, in an option of its own, so that it outlives the post.
 *
 * A message is {post, event, id, known, body, tries, error, at}. Its id and, from the first try on, its body never
 * change, so that Slugline knows a repetition. What happens to the post meanwhile is a new message in its place. It is
 * kept as JSON in ASCII: a table that cannot hold every character would refuse a headline with an emoji.
 *
 * @package Slugline
 */

namespace Slugline;

const PREFIX = 'slugline_outbox_';

function message_of( int $post_id ): ?array {
	$message = json_decode( (string) get_option( PREFIX . $post_id, '' ), true );
	return is_array( $message ) ? $message : null;
}

/** Writes down what happened, before anything is sent. */
function put( int $post_id, string $event, array $known ): void {
	$before = message_of( $post_id );
	if ( 'updated' === $event && null !== $before && 'published' === $before['event'] ) {
		$event = 'published';
	}
	$message = array(
		'post'  => $post_id,
		'event' => $event,
		'id'    => wp_generate_uuid4(),
		'known' => $known,
		'body'  => null,
		'tries' => 0,
		'error' => null,
		'at'    => time(),
	);
	update_option( PREFIX . $post_id, kept( $message ), false );
	ring_in( $post_id, 60 );
}

function kept( array $message ): string {
	return (string) wp_json_encode( $message, JSON_UNESCAPED_SLASHES );
}

/** Puts a message in another's place, or takes it out; false where somebody else did something about it meanwhile. */
function swap( array $old, ?array $new ): bool {
	global $wpdb;
	$name  = PREFIX . $old['post'];
	$where = array(
		'option_name'  => $name,
		'option_value' => kept( $old ),
	);
	$rows  = null === $new
		? $wpdb->delete( $wpdb->options, $where )
		: $wpdb->update( $wpdb->options, array( 'option_value' => kept( $new ) ), $where );
	wp_cache_delete( $name, 'options' );
	return 1 === $rows;
}

/** Everything not told yet, oldest first. */
function open_messages(): array {
	global $wpdb;
	$names    = $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like( PREFIX ) . '%' ) );
	$messages = array_filter( array_map( fn( $name ) => message_of( (int) substr( $name, strlen( PREFIX ) ) ), $names ) );
	usort( $messages, fn( $one, $other ) => $one['at'] <=> $other['at'] );
	return $messages;
}

/** Has a post's message tried in so many seconds, and not before. */
function ring_in( int $post_id, int $seconds ): void {
	wp_clear_scheduled_hook( 'slugline_send', array( $post_id ) );
	wp_schedule_single_event( time() + $seconds, 'slugline_send', array( $post_id ) );
}

function schedule_sweep(): void {
	if ( ! wp_next_scheduled( 'slugline_sweep' ) ) {
		wp_schedule_event( time() + 3600, 'hourly', 'slugline_sweep' );
	}
}

/** Finds what nobody is going to try: a program that died between writing it down and ringing. */
function sweep(): void {
	foreach ( open_messages() as $message ) {
		if ( ! wp_next_scheduled( 'slugline_send', array( $message['post'] ) ) ) {
			send( $message['post'] );
		}
	}
}

function unschedule(): void {
	wp_clear_scheduled_hook( 'slugline_sweep' );
}

function forget_all(): void {
	foreach ( open_messages() as $message ) {
		wp_clear_scheduled_hook( 'slugline_send', array( $message['post'] ) );
		delete_option( PREFIX . $message['post'] );
	}
	delete_option( OPTION );
	delete_post_meta_by_key( TOLD );
	delete_post_meta_by_key( LINK );
	unschedule();
}
