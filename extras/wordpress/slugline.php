<?php
/**
 * Plugin Name: Slugline
 * Description: Tells Slugline of each story that is published, changed or withdrawn, and shows its short link.
 * Version: 1.0.0
 * Requires at least: 5.7
 * Requires PHP: 7.4
 * License: MIT
 * Text Domain: slugline
 *
 * @package Slugline
 */

namespace Slugline;

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

require __DIR__ . '/includes/settings.php';
require __DIR__ . '/includes/article.php';
require __DIR__ . '/includes/outbox.php';
require __DIR__ . '/includes/send.php';
require __DIR__ . '/includes/watch.php';
require __DIR__ . '/includes/link.php';
require __DIR__ . '/includes/admin.php';

// What happens to a post is written down at once, and told when the request that changed it is over.
add_action( 'wp_trash_post', __NAMESPACE__ . '\\remember' );
add_action( 'pre_post_update', __NAMESPACE__ . '\\remember' );
add_action( 'transition_post_status', __NAMESPACE__ . '\\notice', 10, 3 );
add_action( 'before_delete_post', __NAMESPACE__ . '\\notice_deletion' );
add_action( 'shutdown', __NAMESPACE__ . '\\send_noticed', 100 );

// What could not be told is tried again, and a message whose try was lost is found.
add_action( 'slugline_send', __NAMESPACE__ . '\\send' );
add_action( 'slugline_sweep', __NAMESPACE__ . '\\sweep' );
add_action( 'init', __NAMESPACE__ . '\\schedule_sweep' );

add_filter( 'pre_get_shortlink', __NAMESPACE__ . '\\shortlink', 10, 3 );
add_filter( 'the_content', __NAMESPACE__ . '\\link_below', 20 );
add_action( 'slugline_link', __NAMESPACE__ . '\\fetch_link', 10, 2 );

add_action( 'admin_menu', __NAMESPACE__ . '\\add_page' );
add_action( 'admin_init', __NAMESPACE__ . '\\register' );
add_action( 'admin_notices', __NAMESPACE__ . '\\show_failures' );
add_action( 'admin_post_slugline_again', __NAMESPACE__ . '\\send_again' );

register_deactivation_hook( __FILE__, __NAMESPACE__ . '\\unschedule' );
register_uninstall_hook( __FILE__, __NAMESPACE__ . '\\forget_all' );
