-- The tables of an eventhos 1.0.1 database: names, types and keys as it has them.
CREATE TABLE OAUTH2_Applications (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  identifier varchar(100) NOT NULL UNIQUE,
  deleted tinyint(1) DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE OAUTH2_ApplicationResource (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  resourceIdentifier varchar(100) NOT NULL,
  applications_id int unsigned NOT NULL REFERENCES OAUTH2_Applications (id),
  deleted tinyint(1) DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE (resourceIdentifier, id)
);
CREATE TABLE OAUTH2_Subjects (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name varchar(45) NOT NULL,
  description varchar(255) NOT NULL,
  deleted tinyint(1) DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE OAUTH2_Users (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  subject_id int unsigned NOT NULL REFERENCES OAUTH2_Subjects (id),
  username varchar(45) NOT NULL UNIQUE,
  password varchar(75) NOT NULL,
  deleted tinyint(1) DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE OAUTH2_Clients (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  client_id varchar(60) NOT NULL UNIQUE,
  subject_id int unsigned NOT NULL REFERENCES OAUTH2_Subjects (id),
  client_secret varchar(175) NOT NULL,
  identifier varchar(100) NOT NULL UNIQUE,
  access_token varchar(255),
  revoked tinyint(1) DEFAULT 0,
  deleted tinyint(1) DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE OAUTH2_Permissions (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  allowed varchar(75) NOT NULL,
  applicationResource_id int unsigned NOT NULL REFERENCES OAUTH2_ApplicationResource (id),
  deleted tinyint(1) DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE OAUTH2_Roles (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  identifier varchar(100) NOT NULL UNIQUE,
  deleted tinyint(1) DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE OAUTH2_SubjectRole (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  subject_id int unsigned NOT NULL REFERENCES OAUTH2_Subjects (id),
  roles_id int unsigned NOT NULL REFERENCES OAUTH2_Roles (id),
  UNIQUE (subject_id, roles_id)
);
CREATE TABLE OAUTH2_RolePermission (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  permissions_id int unsigned NOT NULL REFERENCES OAUTH2_Permissions (id),
  roles_id int unsigned NOT NULL REFERENCES OAUTH2_Roles (id),
  UNIQUE (permissions_id, roles_id)
);
CREATE TABLE `system` (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  class varchar(45) NOT NULL,
  identifier varchar(75) NOT NULL UNIQUE,
  name varchar(45) NOT NULL,
  type varchar(45) NOT NULL,
  description tinytext NOT NULL,
  deleted tinyint(1) NOT NULL DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  client_id int unsigned UNIQUE REFERENCES OAUTH2_Clients (id)
);
CREATE TABLE event (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  system_id int unsigned NOT NULL REFERENCES `system` (id),
  identifier varchar(75) NOT NULL UNIQUE,
  name varchar(45) NOT NULL,
  operation varchar(25) NOT NULL,
  description tinytext NOT NULL,
  deleted tinyint(1) NOT NULL DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
);
CREATE TABLE action (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  system_id int unsigned NOT NULL REFERENCES `system` (id),
  identifier varchar(75) NOT NULL UNIQUE,
  name varchar(45) NOT NULL,
  http_configuration mediumtext NOT NULL,
  operation varchar(25) NOT NULL,
  description tinytext NOT NULL,
  deleted tinyint(1) NOT NULL DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  reply_to varchar(100)
);
CREATE TABLE action_security (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  action_id int unsigned NOT NULL REFERENCES action (id),
  type varchar(45) NOT NULL,
  http_configuration mediumtext,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
);
CREATE TABLE contract (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  action_id int unsigned NOT NULL REFERENCES action (id),
  event_id int unsigned NOT NULL REFERENCES event (id),
  identifier varchar(75) NOT NULL UNIQUE,
  name varchar(200),
  active tinyint(1) NOT NULL DEFAULT 1,
  `order` smallint unsigned DEFAULT 0,
  deleted tinyint(1) DEFAULT 0,
  created_at timestamp NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  mail_recipients_on_error varchar(200)
);
CREATE TABLE variable (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `key` varchar(300) NOT NULL,
  name varchar(45) NOT NULL,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
);
CREATE TABLE received_event (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  event_id int unsigned NOT NULL REFERENCES event (id),
  received_request mediumtext NOT NULL,
  received_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE contract_exc_detail (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  contract_id int unsigned NOT NULL REFERENCES contract (id),
  received_event_id int unsigned NOT NULL REFERENCES received_event (id),
  state varchar(15) NOT NULL,
  attempts int DEFAULT 0,
  is_aborted tinyint(1) DEFAULT 0,
  reply_from varchar(100)
);
CREATE TABLE contract_exc_try (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  contract_exc_detail_id int unsigned NOT NULL REFERENCES contract_exc_detail (id),
  request mediumtext NOT NULL,
  response mediumtext NOT NULL,
  state varchar(15) NOT NULL,
  finished_at timestamp NULL,
  executed_at timestamp NULL,
  attempts int DEFAULT 0,
  is_aborted tinyint(1) DEFAULT 0
);
