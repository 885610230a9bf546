"""outages as callers hear of them, life support, supply cut off, survey answers"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('premises', schema=None) as batch_op:
        batch_op.add_column(sa.Column('life_support', sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('cut_off_at', sa.DateTime(), nullable=True))

    op.create_table('outages',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('fault', 'planned', name='outagekind', native_enum=False, length=24), nullable=False),
    sa.Column('area', sa.JSON(), nullable=False),
    sa.Column('cause', sa.JSON(), nullable=False),
    sa.Column('starts_at', sa.DateTime(), nullable=False),
    sa.Column('expected_end_at', sa.DateTime(), nullable=True),
    sa.Column('ended_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outages'))
    )
    with op.batch_alter_table('outages', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outages_ended_at_starts_at'), ['ended_at', 'starts_at'], unique=False)

    op.create_table('outage_premises',
    sa.Column('outage_id', sa.Integer(), nullable=False),
    sa.Column('premise_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['outage_id'], ['outages.id'], name=op.f('fk_outage_premises_outage_id')),
    sa.ForeignKeyConstraint(['premise_id'], ['premises.id'], name=op.f('fk_outage_premises_premise_id')),
    sa.PrimaryKeyConstraint('outage_id', 'premise_id', name=op.f('pk_outage_premises'))
    )
    with op.batch_alter_table('outage_premises', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outage_premises_premise_id'), ['premise_id'], unique=False)

    op.create_table('survey_answers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('call_id', sa.String(length=32), nullable=False),
    sa.Column('ticket_id', sa.Integer(), nullable=True),
    sa.Column('satisfaction', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('recording_id', sa.String(length=32), nullable=True),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['calls.id'], name=op.f('fk_survey_answers_call_id')),
    sa.ForeignKeyConstraint(['ticket_id'], ['tickets.id'], name=op.f('fk_survey_answers_ticket_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_survey_answers')),
    sa.UniqueConstraint('call_id', name=op.f('uq_survey_answers_call_id'))
    )
    with op.batch_alter_table('survey_answers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_survey_answers_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_survey_answers_ticket_id'), ['ticket_id'], unique=False)


def downgrade() -> None:
    for table in ('survey_answers', 'outage_premises', 'outages'):
        op.drop_table(table)
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.drop_column('cut_off_at')
    with op.batch_alter_table('premises', schema=None) as batch_op:
        batch_op.drop_column('life_support')
