<?php
/**
 * One try to tell Slugline, and when the next one is.
 *
 * @package Slugline
 */

namespace Slugline;

/** Seconds until the next try; the last of them from then on. */
const PAUSES = array( 60, 120, 300, 900, 3600 );

/** Tells Slugline of these, until one fails: the others would, too, and each wait as long. Their own time comes. */
function send_all( array $post_ids ): void {
	foreach ( $post_ids as $post_id ) {
		if ( ! send( $post_id ) ) {
			return;
		}
	}
}

/** Tells Slugline what stands in the outbox for this post, if anything does; false where that failed. */
function send( int $post_id ): bool {
	$message = message_of( $post_id );
	if ( null === $message ) {
		return true;
	}
	if ( null === $message['body'] ) {
		$whole = array( 'body' => body_of( $message ) ) + $message;
		if ( ! swap( $message, $whole ) ) {
			return true;
		}
		$message = $whole;
	}
	$error = try_once( $message );
	if ( null === $error ) {
		if ( swap( $message, null ) ) {
			wp_clear_scheduled_hook( 'slugline_send', array( $post_id ) );
		}
		if ( 'removed' !== $message['event'] ) {
			want_link( $post_id );
		}
		return true;
	}
	$failed = array( 'tries' => $message['tries'] + 1, 'error' => $error ) + $message;
	if ( swap( $message, $failed ) ) {
		ring_in( $post_id, PAUSES[ min( $message['tries'], count( PAUSES ) - 1 ) ] );
	}
	return false;
}

/** Null when Slugline has it; else why not, without a secret in it. */
function try_once( array $message ): ?string {
	$url = setting( 'hook_url' );
	$key = key_of( setting( 'hook_secret' ) );
	if ( '' === $url || null === $key ) {
		return __( 'The address or the secret of Slugline is not set.', 'slugline' );
	}
	$timestamp = (string) time();
	$signature = base64_encode( hash_hmac( 'sha256', $message['id'] . '.' . $timestamp . '.' . $message['body'], $key, true ) );
	$answer    = wp_remote_post(
		$url,
		array(
			'timeout'     => 10,
			'redirection' => 0,
			'headers'     => array(
				'Content-Type'      => 'application/json',
				'webhook-id'        => $message['id'],
				'webhook-timestamp' => $timestamp,
				'webhook-signature' => 'v1,' . $signature,
			),
			'body'        => $message['body'],
		)
	);
	if ( is_wp_error( $answer ) ) {
		return $answer->get_error_message();
	}
	$status = (int) wp_remote_retrieve_response_code( $answer );
	if ( $status >= 200 && $status < 300 ) {
		return null;
	}
	$problem = json_decode( (string) wp_remote_retrieve_body( $answer ), true );
	return trim( sprintf( 'HTTP %d. %s', $status, is_array( $problem ) ? said_by( $problem ) : '' ) );
}

/** What a problem (RFC 9457) says, with the first of its faults. */
function said_by( array $problem ): string {
	$fault = $problem['errors'][0] ?? array();
	$said  = array_filter( array( $problem['detail'] ?? '', $fault['path'] ?? '', $fault['message'] ?? '' ), 'is_string' );
	return mb_substr( wp_strip_all_tags( trim( implode( ' ', $said ) ) ), 0, 300 );
}
