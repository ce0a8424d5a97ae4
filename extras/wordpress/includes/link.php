<?php
/**
 * The story's own short link, made by Slugline and kept with the post.
 *
 * @package Slugline
 */

namespace Slugline;

/** Post meta: {url, for}, where `for` is the address it was made for. */
const LINK = '_slugline_link';
/** Slugline may still be reading the story: seconds until it is asked again. */
const LINK_PAUSES = array( 60, 300, 3600, 86400 );

/** The short link; empty while there is none, which has it fetched. No page waits for Slugline. */
function link_of( int $post_id ): string {
	want_link( $post_id );
	// Also when the story's address changed: a link that was public works for good.
	return (string) ( kept_link( $post_id )['url'] ?? '' );
}

function kept_link( int $post_id ): array {
	$kept = get_post_meta( $post_id, LINK, true );
	return is_array( $kept ) ? $kept : array();
}

/** Has the link for the story's present address fetched, unless it is there. */
function want_link( int $post_id ): void {
	if ( '' === setting( 'api_url' ) || '' === setting( 'api_token' ) || ( kept_link( $post_id )['for'] ?? '' ) === get_permalink( $post_id ) ) {
		return;
	}
	foreach ( array_keys( LINK_PAUSES ) as $tries ) {
		if ( wp_next_scheduled( 'slugline_link', array( $post_id, $tries ) ) ) {
			return;
		}
	}
	wp_schedule_single_event( time(), 'slugline_link', array( $post_id, 0 ) );
}

/** Asks Slugline for the link of the story's own page; the same story gets the same link again. */
function fetch_link( int $post_id, int $tries = 0 ): void {
	$post = get_post( $post_id );
	if ( ! is_public( $post ) || '' === setting( 'api_url' ) || '' === setting( 'api_token' ) ) {
		return;
	}
	$address = (string) get_permalink( $post );
	$answer  = wp_remote_post(
		rtrim( setting( 'api_url' ), '/' ) . '/api/v1/links',
		array(
			'timeout'     => 10,
			'redirection' => 0,
			'headers'     => array(
				'Authorization' => 'Bearer ' . setting( 'api_token' ),
				'Content-Type'  => 'application/json',
				'Accept'        => 'application/json',
			),
			'body'        => (string) wp_json_encode( array( 'url' => $address, 'placement' => 'story' ), JSON_UNESCAPED_SLASHES ),
		)
	);
	$status = is_wp_error( $answer ) ? 0 : (int) wp_remote_retrieve_response_code( $answer );
	$told   = 200 === $status || 201 === $status ? json_decode( (string) wp_remote_retrieve_body( $answer ), true ) : null;
	$url    = is_array( $told ) && is_string( $told['url'] ?? null ) ? esc_url_raw( $told['url'], array( 'https', 'http' ) ) : '';
	if ( '' !== $url ) {
		update_post_meta( $post_id, LINK, wp_slash( array( 'url' => $url, 'for' => $address ) ) );
	} elseif ( isset( LINK_PAUSES[ $tries ] ) && isset( LINK_PAUSES[ $tries + 1 ] ) ) {
		wp_schedule_single_event( time() + LINK_PAUSES[ $tries ], 'slugline_link', array( $post_id, $tries + 1 ) );
	}
}

/**
 * For wp_get_shortlink() and the page's own rel=shortlink.
 *
 * @param false|string $given   What another plugin gave.
 * @param int          $id      Of a post, or 0 for the page that is shown.
 * @param string       $context post, media, blog or query.
 * @return false|string
 */
function shortlink( $given, $id = 0, $context = 'post' ) {
	if ( 'query' === $context ) {
		$id = is_singular() ? get_queried_object_id() : 0;
	}
	$post = 'query' === $context || 'post' === $context ? get_post( $id > 0 ? $id : null ) : null;
	if ( false !== $given || ( 'query' === $context && 0 === $id ) || ! is_public( $post ) ) {
		return $given;
	}
	$link = link_of( $post->ID );
	return '' === $link ? $given : $link;
}

/**
 * Adds the link below the story on its own page.
 *
 * @param mixed $content What filters before this one made of it.
 */
function link_below( $content ): string {
	$content = (string) $content;
	if ( ! shows_link() || is_feed() || ! is_singular() || ! in_the_loop() || ! is_main_query() || ! is_public( get_post() ) ) {
		return $content;
	}
	$link = link_of( (int) get_the_ID() );
	if ( '' === $link ) {
		return $content;
	}
	return $content . sprintf(
		'<p class="slugline-link">%s <a rel="shortlink" dir="ltr" href="%s">%s</a></p>',
		esc_html__( 'Short link:', 'slugline' ),
		esc_url( $link ),
		esc_html( preg_replace( '#^https?://#', '', $link ) )
	);
}
