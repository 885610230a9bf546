"""publications of flows, drafts, storm mode"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('flow_publications',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('revision_id', sa.String(length=64), nullable=False),
    sa.Column('origin', sa.String(length=24), nullable=False),
    sa.Column('author', sa.String(length=80), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['revision_id'], ['flow_revisions.id'], name=op.f('fk_flow_publications_revision_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_flow_publications'))
    )
    with op.batch_alter_table('flow_publications', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_flow_publications_origin'), ['origin'], unique=False)
        batch_op.create_index(batch_op.f('ix_flow_publications_revision_id'), ['revision_id'], unique=False)

    op.create_table('storm_changes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('storm', sa.Boolean(), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_storm_changes'))
    )
    op.create_table('flow_drafts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=24), nullable=False),
    sa.Column('base_revision_id', sa.String(length=64), nullable=True),
    sa.Column('files', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('author', sa.String(length=80), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('changed_by', sa.String(length=80), nullable=False),
    sa.Column('publication_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['base_revision_id'], ['flow_revisions.id'], name=op.f('fk_flow_drafts_base_revision_id')),
    sa.ForeignKeyConstraint(['publication_id'], ['flow_publications.id'], name=op.f('fk_flow_drafts_publication_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_flow_drafts'))
    )
    with op.batch_alter_table('flow_drafts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_flow_drafts_status'), ['status'], unique=False)

    op.create_table('standing',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('publication_id', sa.Integer(), nullable=True),
    sa.Column('revision_id', sa.String(length=64), nullable=True),
    sa.Column('storm', sa.Boolean(), nullable=False),
    sa.Column('storm_change_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['publication_id'], ['flow_publications.id'], name=op.f('fk_standing_publication_id')),
    sa.ForeignKeyConstraint(['revision_id'], ['flow_revisions.id'], name=op.f('fk_standing_revision_id')),
    sa.ForeignKeyConstraint(['storm_change_id'], ['storm_changes.id'], name=op.f('fk_standing_storm_change_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standing'))
    )
    # What was loaded last came from the folder and was what new calls began with: it is the first publication.
    op.execute(
        "INSERT INTO flow_publications (revision_id, origin, author, note, at) "
        "SELECT id, 'folder', 'hotline', '', published_at FROM flow_revisions ORDER BY published_at DESC, id LIMIT 1"
    )
    op.execute("INSERT INTO standing (id, storm) VALUES (1, false)")
    op.execute(
        "UPDATE standing SET publication_id = (SELECT id FROM flow_publications), "
        "revision_id = (SELECT revision_id FROM flow_publications)"
    )


def downgrade() -> None:
    op.drop_table('standing')
    with op.batch_alter_table('flow_drafts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_flow_drafts_status'))

    op.drop_table('flow_drafts')
    op.drop_table('storm_changes')
    with op.batch_alter_table('flow_publications', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_flow_publications_revision_id'))
        batch_op.drop_index(batch_op.f('ix_flow_publications_origin'))

    op.drop_table('flow_publications')
